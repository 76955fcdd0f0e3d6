"""Gradients of emitted source, for every op, against differences of what the ops' own NumPy computes in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from archc.backend import EmittedSource, load
from archc.conformance.cases import Case, op_cases
from archc.conformance.computing import MOST_MACS
from archc.conformance.emission import emitted
from archc.conformance.reference import evaluate
from archc.ops import ops

STEP = 1e-6
EVERY = 4
CASES = [case for name in ops() for case in op_cases(name)[::EVERY] if case.facts.counts.macs <= MOST_MACS]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_gradients_of_the_input_and_of_the_weights(case: Case) -> None:
    """The derivative along a random direction of everything that is learned, from both sides."""
    graph, random = case.facts.graph, np.random.default_rng(1)
    source = emitted(load("torch"), case)
    assert isinstance(source, EmittedSource), source
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    torch.manual_seed(0)
    model = scope[source.class_name]().double().eval()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    (image,) = graph.inputs.values()
    x = random.standard_normal((2, *image.shape))
    learned = {name: random.standard_normal(value.shape) for name, value in model.named_parameters()}
    ahead = random.standard_normal(x.shape)
    (output,) = graph.outputs
    upstream = random.standard_normal((2, *graph.tensor(output).shape))

    def loss(step: float) -> float:
        moved = {f"{name}": value + step * learned.get(name, 0) for name, value in weights.items()}
        return float((evaluate(graph, named(moved), x + step * ahead)[output] * upstream).sum())

    read = torch.from_numpy(x).requires_grad_()
    given = getattr(model, "probabilities", model)(read)
    if hasattr(model, "predict"):  # the softmax is left to the loss
        given = given.softmax(1)
    (given * torch.from_numpy(upstream)).sum().backward()
    found = sum(
        float((value.grad * torch.from_numpy(learned[name])).sum())
        for name, value in model.named_parameters()
        if value.grad is not None
    )
    found += float((read.grad * torch.from_numpy(ahead)).sum()) if read.grad is not None else 0
    expected = (loss(STEP) - loss(-STEP)) / (2 * STEP)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


def named(weights: dict[str, Any]) -> dict[str, Any]:
    """The weights by the names of the spec language."""
    from archc_torch.weights import STATISTICS

    return {
        ".".join((layer, STATISTICS.get(kind, kind))): value
        for name, value in weights.items()
        for layer, _, kind in [name.rpartition(".")]
    }
