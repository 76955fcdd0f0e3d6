"""The emitted optimizer and schedule, against NumPy loops."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from archc_torch.snippets.keras_sgd import KerasSGD
from archc_torch.snippets.momentum_sgd import MomentumSGD
from torch import nn

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.training.schedule import Schedule

SPEC = """schema: archc/v1
name: net
input: {{image: [3, 6, 6]}}
layers:
  conv1: {{op: conv2d, filters: 4, kernel: 3, {bias}weight_init: {{normal: {{std: 0.5}}}}}}
  flat: {{op: flatten}}
  fc2: {{op: dense, units: 5, {bias}weight_init: {{normal: {{std: 0.5}}}}}}
train:
  batch: 4
  epochs: 9
  loss: cross_entropy
  optimizer: {{sgd: {{lr: 0.1, momentum: 0.9, weight_decay: 0.05, decay_biases: {decay_biases}, rule: {rule}}}}}
  schedule: {{on_plateau: {{factor: 0.3, times: 3, patience: {patience}}}}}
  data: {{resize: 8, crop: 6, mirror: true, mean: pixel}}
  test: center
"""
RULES = ("paper", "pytorch", "keras")
RATES = [0.1] * 8 + [0.03] * 6 + [0.0] * 2 + [0.5] * 6


def emitted(*, bias: bool = True, decay_biases: bool = False, patience: int = 2, rule: str = "paper") -> dict[str, Any]:
    """The names that the emitted file defines."""
    fields = {"bias": "" if bias else "bias: false, ", "decay_biases": str(decay_biases).lower(), "patience": patience}
    text = SPEC.format(**fields, rule=rule).encode()
    analysis = analyse(text, "net.yaml")
    facts = analysis.facts
    assert facts is not None, analysis
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", text)))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    return scope


def after_a_step(rule: str, w: Any, v: Any, g: Any, *, lr: float, decay: float) -> tuple[Any, Any]:
    """A weight and its velocity, in NumPy. The momentum is 0.9."""
    if rule == "paper":
        v = 0.9 * v - decay * lr * w - lr * g
        return w + v, v
    if rule == "pytorch":
        v = 0.9 * v + g + decay * w
        return w - lr * v, v
    w = w - decay * lr * w
    v = 0.9 * v - lr * g
    return w + v, v


@pytest.mark.parametrize("decay_biases", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_each_rule_while_the_rate_changes(rule: str, bias: bool, decay_biases: bool) -> None:
    source = emitted(bias=bias, decay_biases=decay_biases, rule=rule)
    torch.manual_seed(0)
    model: nn.Module = source["Net"]().double().to(memory_format=torch.channels_last)
    sgd: torch.optim.SGD = source["sgd"](model)
    assert {group["lr"] for group in sgd.param_groups} == {0.1}
    random = np.random.default_rng(0)
    expected = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    assert len(expected) == (4 if bias else 2)
    velocities = {name: np.zeros_like(value) for name, value in expected.items()}
    for lr in RATES:
        for name, weight in model.named_parameters():
            gradient = random.standard_normal(weight.shape)
            decay = 0 if name.endswith(".bias") and not decay_biases else 0.05
            expected[name], velocities[name] = after_a_step(
                rule, expected[name], velocities[name], gradient, lr=lr, decay=decay
            )
            weight.grad = torch.empty_like(weight).copy_(torch.from_numpy(gradient))  # in its layout, as PyTorch does
        for group in sgd.param_groups:
            group["lr"] = lr
        sgd.step()
        for name, weight in model.named_parameters():
            np.testing.assert_allclose(weight.detach().numpy(), expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("decay_biases", [False, True])
def test_pytorch_s_rule_is_its_own_class(decay_biases: bool) -> None:
    source = emitted(decay_biases=decay_biases, rule="pytorch")
    assert "SGD" not in {name for name, value in source.items() if isinstance(value, type)}
    torch.manual_seed(0)
    model, other = source["Net"](), source["Net"]()
    other.load_state_dict(model.state_dict())
    sgd = source["sgd"](model)
    assert type(sgd) is torch.optim.SGD
    kinds = [
        {"params": [p for n, p in other.named_parameters() if n.endswith("bias") == of_biases], "weight_decay": decay}
        for of_biases, decay in ((False, 0.05), (True, 0.05 * decay_biases))
    ]
    theirs = torch.optim.SGD(kinds, lr=0.1, momentum=0.9, fused=True)
    images = torch.randn(4, 3, 6, 6)
    for lr in RATES:
        for each, optimizer in ((model, sgd), (other, theirs)):
            each(images).square().mean().backward()
            for group in optimizer.param_groups:
                group["lr"] = lr / 100
            optimizer.step()
            optimizer.zero_grad()
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_the_rules_part_once_the_rate_changes() -> None:
    """Without weight decay, all are the same until then, and Keras' rule is the paper's afterwards too."""
    ends = dict[str, list[float]]()
    made = {"paper": MomentumSGD, "pytorch": torch.optim.SGD, "keras": KerasSGD}
    for rule, kind in made.items():
        weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
        sgd = kind([weight], lr=0.5, momentum=0.5, weight_decay=0)
        ends[rule] = []
        for lr in (0.5, 0.5, 0.05):
            weight.grad = torch.ones_like(weight)
            sgd.param_groups[0]["lr"] = lr
            sgd.step()
            ends[rule].append(weight.item())
    assert ends["keras"] == ends["paper"] == pytest.approx([0.5, -0.25, -0.675])
    assert ends["pytorch"] == pytest.approx([0.5, -0.25, -0.3375])


@pytest.mark.parametrize("kind", [MomentumSGD, KerasSGD])
def test_a_closure_and_a_weight_without_a_gradient(kind: type[MomentumSGD]) -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    sgd = kind([used, unused], lr=0.5, momentum=0.0, weight_decay=0.0)

    def closure() -> float:
        loss = used.sum()
        loss.backward()
        return loss.item()

    assert sgd.step(closure) == 2
    assert (used.tolist(), unused.tolist()) == ([0.5, 0.5], [1, 1])


@pytest.mark.parametrize(("rule", "kind"), [("paper", MomentumSGD), ("keras", KerasSGD)])
def test_gradients_that_come_and_go_while_the_rate_changes(rule: str, kind: type[MomentumSGD]) -> None:
    """A weight without a gradient stays, as its velocity does; one kernel updates all others, whatever their layout."""
    random = np.random.default_rng(0)
    shapes = {"always": (3, 2, 2, 2), "at first": (4,), "later": (2, 3), "never": (5,)}
    arrays = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    weights = {name: nn.Parameter(torch.from_numpy(value.copy())) for name, value in arrays.items()}
    weights["always"].data = weights["always"].data.to(memory_format=torch.channels_last)
    sgd = kind(weights.values(), lr=0.1, momentum=0.9, weight_decay=0.05)
    velocities = {name: np.zeros_like(value) for name, value in arrays.items()}
    for step, lr in enumerate(RATES):
        has = {"always": True, "at first": step < 7, "later": step > 9, "never": False}
        for name, w in weights.items():
            w.grad = torch.from_numpy(random.standard_normal(w.shape)) if has[name] else None
            if w.grad is not None:
                gradient = w.grad.numpy()
                arrays[name], velocities[name] = after_a_step(
                    rule, arrays[name], velocities[name], gradient, lr=lr, decay=0.05
                )
        sgd.param_groups[0]["lr"] = lr
        sgd.step()
    for name, w in weights.items():
        np.testing.assert_allclose(w.detach().numpy(), arrays[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", [MomentumSGD, KerasSGD])
def test_a_state_is_saved_and_loaded(kind: type[MomentumSGD]) -> None:
    def steps(weight: nn.Parameter, sgd: MomentumSGD) -> Iterator[list[float]]:
        while True:
            weight.grad = torch.ones(1)
            sgd.step()
            yield weight.tolist()

    first = nn.Parameter(torch.ones(1))
    sgd = kind([first], lr=0.5, momentum=0.5, weight_decay=0.1)
    going = steps(first, sgd)
    next(going)
    second = nn.Parameter(first.detach().clone())
    other = kind([second], lr=9, momentum=0, weight_decay=9)
    other.load_state_dict(deepcopy(sgd.state_dict()))
    assert next(steps(second, other)) == next(going)


@pytest.mark.parametrize("patience", [1, 3])
def test_the_schedule_is_that_of_archc_train(patience: int) -> None:
    """`ReduceLROnPlateau` with the emitted settings, against the loop's own rule, on errors that fall and stay."""
    source = emitted(patience=patience)
    sgd = source["sgd"](source["Net"]())
    schedule, ours = (
        source["plateau"](sgd),
        Schedule(0.1, steps=99, steps_per_epoch=1, factor=0.3, times=3, patience=patience),
    )
    errors = np.random.default_rng(1).choice([0.5, 0.4, 0.4 - 1e-9, 0.3], 40).tolist()
    rates = set[float]()
    for error in errors:
        schedule.step(error)
        ours = ours.after(error)
        assert [group["lr"] for group in sgd.param_groups] == [ours.lr] * 2
        rates.add(ours.lr)
    assert len(rates) == 4
