"""The emitted optimizer and schedule, against NumPy loops."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
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
  optimizer: {{sgd: {{lr: 0.1, momentum: 0.9, weight_decay: 0.05, decay_biases: {decay_biases}}}}}
  schedule: {{on_plateau: {{factor: 0.3, times: 3, patience: {patience}}}}}
  data: {{resize: 8, crop: 6, mirror: true, mean: pixel}}
  test: center
"""
RATES = [0.1] * 8 + [0.03] * 6 + [0.0] * 2 + [0.5] * 6


def emitted(*, bias: bool = True, decay_biases: bool = False, patience: int = 2) -> dict[str, Any]:
    """The names that the emitted file defines."""
    fields = {"bias": "" if bias else "bias: false, ", "decay_biases": str(decay_biases).lower(), "patience": patience}
    text = SPEC.format(**fields).encode()
    analysis = analyse(text, "net.yaml")
    facts = analysis.facts
    assert facts is not None, analysis
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", text)))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    return scope


@pytest.mark.parametrize("decay_biases", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_the_paper_s_rule_while_the_rate_changes(bias: bool, decay_biases: bool) -> None:
    source = emitted(bias=bias, decay_biases=decay_biases)
    torch.manual_seed(0)
    model: nn.Module = source["Net"]().double().to(memory_format=torch.channels_last)
    sgd: MomentumSGD = source["sgd"](model)
    assert {group["lr"] for group in sgd.param_groups} == {0.1}
    random = np.random.default_rng(0)
    expected = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
    assert len(expected) == (4 if bias else 2)
    velocities = {name: np.zeros_like(value) for name, value in expected.items()}
    for lr in RATES:
        for name, weight in model.named_parameters():
            gradient = random.standard_normal(weight.shape)
            decay = 0 if name.endswith(".bias") and not decay_biases else 0.05
            velocities[name] = 0.9 * velocities[name] - decay * lr * expected[name] - lr * gradient
            expected[name] = expected[name] + velocities[name]
            weight.grad = torch.from_numpy(gradient)
        for group in sgd.param_groups:
            group["lr"] = lr
        sgd.step()
        for name, weight in model.named_parameters():
            np.testing.assert_allclose(weight.detach().numpy(), expected[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_closure_and_a_weight_without_a_gradient() -> None:
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    sgd = MomentumSGD([used, unused], lr=0.5, momentum=0.0, weight_decay=0.0)

    def closure() -> float:
        loss = used.sum()
        loss.backward()
        return loss.item()

    assert sgd.step(closure) == 2
    assert (used.tolist(), unused.tolist()) == ([0.5, 0.5], [1, 1])


def test_gradients_that_come_and_go_while_the_rate_changes() -> None:
    """A weight without a gradient stays, as its velocity does; one kernel updates all others, whatever their layout."""
    random = np.random.default_rng(0)
    shapes = {"always": (3, 2, 2, 2), "at first": (4,), "later": (2, 3), "never": (5,)}
    arrays = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    weights = {name: nn.Parameter(torch.from_numpy(value.copy())) for name, value in arrays.items()}
    weights["always"].data = weights["always"].data.to(memory_format=torch.channels_last)
    sgd = MomentumSGD(weights.values(), lr=0.1, momentum=0.9, weight_decay=0.05)
    velocities = {name: np.zeros_like(value) for name, value in arrays.items()}
    for step, lr in enumerate(RATES):
        has = {"always": True, "at first": step < 7, "later": step > 9, "never": False}
        for name, w in weights.items():
            w.grad = torch.from_numpy(random.standard_normal(w.shape)) if has[name] else None
            if w.grad is not None:
                velocities[name] = 0.9 * velocities[name] - 0.05 * lr * arrays[name] - lr * w.grad.numpy()
                arrays[name] = arrays[name] + velocities[name]
        sgd.param_groups[0]["lr"] = lr
        sgd.step()
    for name, w in weights.items():
        np.testing.assert_allclose(w.detach().numpy(), arrays[name], rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_state_is_saved_and_loaded() -> None:
    def steps(weight: nn.Parameter, sgd: MomentumSGD) -> Iterator[list[float]]:
        while True:
            weight.grad = torch.ones(1)
            sgd.step()
            yield weight.tolist()

    first = nn.Parameter(torch.ones(1))
    sgd = MomentumSGD([first], lr=0.5, momentum=0.5, weight_decay=0.1)
    going = steps(first, sgd)
    next(going)
    second = nn.Parameter(first.detach().clone())
    other = MomentumSGD([second], lr=9, momentum=0, weight_decay=9)
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
