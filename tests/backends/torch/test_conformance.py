"""The conformance kit on PyTorch: each op with each value of each field, what it emits and what that computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from archc_torch.parameters import in_torch
from op_networks import op_networks

from archc.conformance import Check, EmittedSource, checks, spec_cases
from archc.graph import Graph

HERE = Path(__file__).parent
MORE = (*spec_cases(HERE / "specs"), *spec_cases(HERE.parents[1] / "specs" / "good"), *op_networks())


def compute(source: EmittedSource, graph: Graph, weights: Mapping[str, Any], x: Any) -> dict[str, Any]:
    """The outputs in float64; probabilities where the source leaves them to `predict`."""
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]().double().eval()
    state = model.state_dict()
    for key, value in weights.items():
        state[in_torch(key, source.renamed)] = torch.from_numpy(value)
    model.load_state_dict(state)
    with torch.inference_mode():
        given = getattr(model, "predict", model)(torch.from_numpy(x))
    values = given if isinstance(given, tuple) else (given,)
    return dict(zip(graph.outputs, (value.numpy() for value in values), strict=True))


@pytest.mark.parametrize("check", checks("torch", compute, MORE), ids=str)
def test_conformance(check: Check) -> None:
    assert check() == {}
