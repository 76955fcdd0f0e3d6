"""Twenty steps of training by each field of a recipe, in NumPy float64: what both backends must compute.

The network is a softmax regression, so that its gradient is one line: (n, 3, 2) -> 5 classes.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.language.recipe import Recipe, TestViews
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.norms import GradientNorms
from archc.training.order import batches
from archc.training.schedule import Schedule
from archc.training.share import ALONE, Share

Array = NDArray[np.float64]
STEPS, EXAMPLES, BATCH, CLASSES, FEATURES = 20, 30, 6, 5, 6
EPOCH = EXAMPLES // BATCH
ERRORS = (0.5, 0.6, 0.4, 0.4)
"""The held-out error after each epoch, for `on_plateau`."""

RECORDED = GradientNorms(every=1, layers=("fc",))

SGD = "optimizer: {sgd: {lr: 0.5, momentum: 0.9, weight_decay: 0.05}}"
OF_FRAMEWORKS = {
    f"{rule}_{name}": f"optimizer: {{sgd: {{lr: 0.1, rule: {rule}, {fields}}}}}, {others}"
    for rule in ("pytorch", "keras")
    for name, (fields, others) in {
        "step": ("momentum: 0.9, weight_decay: 0.05", "schedule: {step: {factor: 0.3, every: 2}}"),
        # Keras' own class rounds its numbers to float32, even for weights in float64.
        "own_class": ("momentum: 0.875, weight_decay: 0.0625, decay_biases: true", "schedule: {warmup: {steps: 7}}"),
        "plain": ("momentum: 0, weight_decay: 0", "schedule: {cosine: {}}, clip: 0.2"),
        "all": (
            "momentum: 0.8, weight_decay: 0.05, decay_biases: true, bias_lr_factor: 2",
            "schedule: {on_plateau: {factor: 0.1, times: 3, patience: 1}}, clip: 0.3, accumulate: 4",
        ),
    }.items()
}
"""The rules of the frameworks' own SGD, which differ from the paper's once the rate changes."""
RECIPES = {
    # The AlexNet paper's rule, field by field, and all of it.
    "lr": "optimizer: {sgd: {lr: 0.5, momentum: 0, weight_decay: 0}}",
    "momentum": "optimizer: {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0}}",
    "weight_decay": "optimizer: {sgd: {lr: 0.5, momentum: 0, weight_decay: 0.05}}",
    "decay_biases": "optimizer: {sgd: {lr: 0.5, momentum: 0, weight_decay: 0.05, decay_biases: true}}",
    "on_plateau": f"{SGD}, schedule: {{on_plateau: {{factor: 0.1, times: 3, patience: 1}}}}",
    "paper": (
        "optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}, "
        "schedule: {on_plateau: {factor: 0.1, times: 3, patience: 1}}"
    ),
    **OF_FRAMEWORKS,
    # The other fields, each by itself.
    "bias_lr_factor": "optimizer: {sgd: {lr: 0.1, momentum: 0.9, weight_decay: 0.05, bias_lr_factor: 2}}",
    "step": f"{SGD}, schedule: {{step: {{factor: 0.3, every: 1}}}}",
    "step_of_two": f"{SGD}, schedule: {{step: {{factor: 0.3, every: 2}}}}",
    "cosine": f"{SGD}, schedule: {{cosine: {{}}}}",
    "end_factor": f"{SGD}, schedule: {{cosine: {{end_factor: 0.2}}}}",
    "warmup": f"{SGD}, schedule: {{warmup: {{steps: 7}}}}",
    "warmup_and_step": f"{SGD}, schedule: {{warmup: {{epochs: 2}}, step: {{factor: 0.3, every: 1}}}}",
    "warmup_and_cosine": f"{SGD}, schedule: {{warmup: {{epochs: 1}}, cosine: {{end_factor: 0.01}}}}",
    "warmup_and_plateau": (
        f"{SGD}, schedule: {{warmup: {{steps: 8}}, on_plateau: {{factor: 0.1, times: 3, patience: 1}}}}"
    ),
    "adam": "optimizer: {adam: {lr: 0.1}}",
    "adam_in_full": (
        "optimizer: {adam: {lr: 0.1, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, weight_decay: 0.05, bias_lr_factor: 2}}"
    ),
    "adam_without_means": "optimizer: {adam: {lr: 0.1, beta1: 0, beta2: 0, epsilon: 0.1, weight_decay: 0}}",
    "adamw": "optimizer: {adamw: {lr: 0.1, weight_decay: 0.5}}",
    "adamw_in_full": (
        "optimizer: {adamw: {lr: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-2, weight_decay: 0.5, decay_biases: true, "
        "bias_lr_factor: 0.5}}, schedule: {cosine: {}}"
    ),
    "label_smoothing": f"{SGD}, label_smoothing: 0.2",
    "clip": f"{SGD}, clip: 0.3",
    "clip_of_a_short_gradient": f"{SGD}, clip: 100",
    "accumulate": f"{SGD}, accumulate: 2",
    "accumulate_uneven_parts": f"{SGD}, accumulate: 4",
    "everything": (
        "optimizer: {adamw: {lr: 0.1, weight_decay: 0.5, bias_lr_factor: 2}}, label_smoothing: 0.1, clip: 0.2, "
        "accumulate: 3, schedule: {warmup: {epochs: 1}, cosine: {end_factor: 0.01}}"
    ),
}
SPEC = """schema: archc/v1
name: net
input: {x: [3, 2]}
layers:
  flat: {op: flatten}
  fc: {op: dense, units: 5, weight_init: {normal: {std: 0.5}}}
train: {batch: 6, epochs: 4, loss: cross_entropy, RECIPE}
"""


def facts_of(name: str) -> Facts:
    """The facts of the network with a recipe."""
    analysis = analyse(SPEC.replace("RECIPE", RECIPES[name]).encode(), "net.yaml")
    assert analysis.facts is not None, analysis.findings
    return analysis.facts


def emitted(name: str, backend: str) -> dict[str, Any]:
    """The names that the emitted file defines."""
    facts = facts_of(name)
    source = load(backend).emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", b"")))
    assert max(map(len, source.text.splitlines())) <= 88
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    return scope


def job_of(name: str, **fields: Any) -> Job:
    """A job with a recipe. Nothing is read or written by it."""
    plain = {"name": "net", "run": "run", "source": "net.py", "model": "Net", "inputs": {"x": {"shape": (3, 2)}}}
    settings = {"output": (5,), "devices": 1, "seed": 0, "precision": "float32", "pictures": "data", "built_in": False}
    recipe = facts_of(name).recipe.model_dump(mode="json")
    return Job.model_validate({**plain, **settings, "form": "arrays", "recipe": recipe, **fields})


@dataclass(frozen=True)
class Examples:
    """Random examples in float64; implements `archc.training.feed.Feed`."""

    job: Job
    share: Share = ALONE
    normalisation: None = None

    def close(self) -> None:
        pass

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        inputs, targets = data()
        parts = self.job.recipe.accumulate
        for whole in batches(EXAMPLES, BATCH, seed=0, epoch=epoch, parts=parts)[first * parts :]:
            x = inputs[self.share.read(whole)]
            yield Batch((np.ascontiguousarray(x.transpose(0, 2, 1)),), targets[self.share.target(whole)], len(whole))

    def held_out(self, test: TestViews) -> Generator[Batch]:
        yield from ()


def data() -> tuple[Array, NDArray[np.int64]]:
    random = np.random.default_rng(1)
    return random.normal(size=(EXAMPLES, 3, 2)), random.integers(0, CLASSES, EXAMPLES)


def start() -> tuple[Array, Array]:
    """The first weights and biases, (5, 6) and (5,), of which the features are in the order of (3, 2)."""
    random = np.random.default_rng(2)
    return random.normal(size=(CLASSES, FEATURES)), random.normal(size=CLASSES)


class Trained(NamedTuple):
    """The rate and the loss of each step, the norm of its gradient before it is clipped, and the last weights and
    biases."""

    rates: list[float]
    losses: list[float]
    norms: list[float]
    weight: Array
    bias: Array


def expected(name: str) -> Trained:
    """What a recipe gives after twenty steps."""
    recipe = facts_of(name).recipe
    rule = recipe.optimizer.rule
    inputs, targets = data()
    w, b = start()
    plateau, told = Plateau(recipe), Trained([], [], [], w, b)
    kept: list[dict[str, Array]] = [{}, {}]
    for step in range(1, STEPS + 1):
        epoch = (step - 1) // EPOCH
        if step > 1 and (step - 1) % EPOCH == 0:
            plateau.after(ERRORS[epoch - 1])
        lr = plateau.lr * share_of(recipe, step)
        whole = batches(EXAMPLES, BATCH, seed=0, epoch=epoch)[(step - 1) % EPOCH]
        loss, gradients = loss_and_gradients(recipe, inputs[whole].reshape(BATCH, -1), targets[whole], w, b)
        length = math.sqrt(sum(float((g**2).sum()) for g in gradients))
        told.norms.append(length)
        if recipe.clip is not None:
            gradients = [g * min(1, recipe.clip / length) for g in gradients]
        told.rates.append(lr)
        told.losses.append(loss)
        rates = (lr, lr * rule.bias_lr_factor)
        decays = (rule.weight_decay, rule.weight_decay if rule.decay_biases else 0)
        w, b = (
            updated(recipe, kept[i], value, gradients[i], lr=rates[i], decay=decays[i], step=step)
            for i, value in enumerate((w, b))
        )
    return told._replace(weight=w, bias=b)


def take_steps(trainer: Any, job: Job, scope: dict[str, Any], wanted: Trained) -> None:
    """Take all steps; each has the rate, also by the emitted file, the loss and, if asked for, the norm it should."""
    schedule = Schedule.of(job.recipe, steps=STEPS, steps_per_epoch=EPOCH)
    steps = chain.from_iterable(trainer.batches(epoch) for epoch in range(STEPS // EPOCH))
    for step, (batch, rate, loss) in enumerate(zip(steps, wanted.rates, wanted.losses, strict=True), 1):
        lr = schedule.rate(step)
        assert lr == pytest.approx(rate, rel=1e-14)
        if "rate" in scope:
            assert scope["rate"](step, STEPS, EPOCH, schedule.lr) == lr
        found = trainer.step(batch, lr, squares=step % 2 == 1)
        assert found.score.loss == pytest.approx(loss, rel=1e-12), step
        assert (found.squares is None) == (step % 2 == 0)
        if found.squares is not None:
            norms = RECORDED.by_layer(found.squares)
            assert norms == {"fc": pytest.approx(wanted.norms[step - 1], rel=1e-12)}, step
        if step % EPOCH == 0:
            schedule = schedule.after(ERRORS[step // EPOCH - 1])


def loss_and_gradients(
    recipe: Recipe, x: Array, targets: NDArray[np.int64], w: Array, b: Array
) -> tuple[float, list[Array]]:
    """The mean of -t log p, and its gradients by the weights and the biases. Parts of a batch change nothing."""
    scores = x @ w.T + b
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    t = (1 - recipe.label_smoothing) * np.eye(CLASSES)[targets] + recipe.label_smoothing / CLASSES
    return float(-(t * np.log(p)).sum() / len(x)), [(p - t).T @ x / len(x), (p - t).sum(0) / len(x)]


def updated(recipe: Recipe, kept: dict[str, Array], w: Array, g: Array, *, lr: float, decay: float, step: int) -> Array:
    """The weights after a step. `kept` is what the optimizer keeps of them."""
    zero = np.zeros_like(w)
    if (sgd := recipe.optimizer.sgd) is not None:
        v = kept.get("v", zero)
        match sgd.rule:
            case "paper":
                v = sgd.momentum * v - decay * lr * w - lr * g
                w = w + v
            case "pytorch":
                v = sgd.momentum * v + g + decay * w
                w = w - lr * v
            case "keras":
                w = w - decay * lr * w
                v = sgd.momentum * v - lr * g
                w = w + v
        kept["v"] = v
        return w
    adam = recipe.optimizer.adam or recipe.optimizer.adamw
    assert adam is not None
    if recipe.optimizer.adamw is not None:
        w = w - lr * decay * w
    else:
        g = g + decay * w
    kept["m"] = adam.beta1 * kept.get("m", zero) + (1 - adam.beta1) * g
    kept["v"] = adam.beta2 * kept.get("v", zero) + (1 - adam.beta2) * g**2
    m, v = kept["m"] / (1 - adam.beta1**step), kept["v"] / (1 - adam.beta2**step)
    return w - lr * m / (np.sqrt(v) + adam.epsilon)


def share_of(recipe: Recipe, step: int) -> float:
    """What the rate of a step is multiplied by, apart from `on_plateau`."""
    if recipe.schedule is None:
        return 1
    warmup, share = 0, 1.0
    if (up := recipe.schedule.warmup) is not None:
        warmup = up.steps if up.steps is not None else (up.epochs or 0) * EPOCH
        share = min(step / warmup, 1)
    if (rule := recipe.schedule.step) is not None:
        share *= rule.factor ** ((step - 1) // (rule.every * EPOCH))
    if (cosine := recipe.schedule.cosine) is not None:
        part = max(step - 1 - warmup, 0) / (STEPS - warmup)
        share *= cosine.end_factor + (1 - cosine.end_factor) * (1 + math.cos(math.pi * part)) / 2
    return share


class Plateau:
    """`on_plateau` with a patience of one epoch: an epoch without a lower error cuts the rate, three times at most."""

    def __init__(self, recipe: Recipe) -> None:
        self.lr, self._best, self._cuts = recipe.lr, math.inf, 0
        self._rule = recipe.schedule.on_plateau if recipe.schedule else None

    def after(self, error: float) -> None:
        if self._rule is not None and error >= self._best and self._cuts < 3:
            self.lr, self._cuts = self.lr * self._rule.factor, self._cuts + 1
        self._best = min(self._best, error)
