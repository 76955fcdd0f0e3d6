"""Gradients of every op in float64, by its inputs and its weights, against central differences of NumPy's reference.

Of each case, one random direction of all inputs and weights together: a wrong term changes its slope.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from archc_torch.parameters import in_torch
from torch import nn

from archc.analysis import Facts
from archc.conformance import cases, spec_cases
from archc.conformance.cases import Case
from archc.conformance.computing import random_examples, random_parameters
from archc.conformance.reference import evaluate
from archc.graph import Graph

Build = Callable[[Facts, Graph], nn.Module]
STEP = 1e-6
MOST_MACS = 300_000
# Sequences change their order of axes between layers.
MORE = [
    case
    for case in spec_cases(Path(__file__).parents[2] / "specs" / "good")
    if not any(x.is_maps for x in case.facts.graph.inputs.values())
]
SMALL = [case for case in (*cases(), *MORE) if case.facts.counts.macs <= MOST_MACS]


@pytest.mark.parametrize("case", SMALL, ids=str)
def test_the_slope_in_a_random_direction(case: Case, build: Build) -> None:
    graph, random = case.facts.graph, np.random.default_rng(1)
    (given_as,) = graph.inputs.values()
    x: Any = random_examples(graph, random, 2)
    weights = {
        f"{node.name}.{name}": value
        for node in graph.nodes
        for name, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
    }
    (output,) = graph.outputs
    upstream = random.standard_normal((2, *graph.tensor(output).shape))
    model = build(case.facts, graph).double().eval()
    learned = dict(model.named_parameters())
    along = {name: random.standard_normal(value.shape) for name, value in weights.items() if in_torch(name) in learned}
    # Tokens have no gradient.
    along_x = random.standard_normal(x.shape) * (not given_as.is_tokens)

    def total(step: float) -> float:
        moved = {name: value + step * along.get(name, 0) for name, value in weights.items()}
        return float((evaluate(graph, moved, x if given_as.is_tokens else x + step * along_x)[output] * upstream).sum())

    state: dict[str, Any] = model.state_dict()
    for name, value in weights.items():
        state[in_torch(name)] = torch.from_numpy(value)
    model.load_state_dict(state)
    given = torch.from_numpy(x).requires_grad_(not given_as.is_tokens)
    found = model(given)
    if graph.fused is not None:
        found = found.softmax(1) if graph.fused.op.gives_probabilities else found.sigmoid()
    (found * torch.from_numpy(upstream)).sum().backward()
    assert given_as.is_tokens or given.grad is not None
    slope = 0.0 if given.grad is None else (given.grad.numpy() * along_x).sum()
    for name, change in along.items():
        gradient = learned[in_torch(name)].grad
        assert gradient is not None
        slope += (gradient.numpy() * change).sum()
    expected = (total(STEP) - total(-STEP)) / (2 * STEP)
    assert slope == pytest.approx(expected, rel=1e-5, abs=1e-4)
