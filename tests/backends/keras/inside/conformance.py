"""The conformance kit on Keras: each op with each value of each field, what it emits and what that computes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.snippets.recurrent_stored import recurrent_stored
from op_networks import op_networks

from archc.conformance import Check, EmittedSource, checks, spec_cases
from archc.graph import Graph

pytestmark = pytest.mark.usefixtures("float64")

MORE = (*spec_cases(Path(__file__).parents[3] / "specs" / "good"), *op_networks())
REFUSED = re.compile(r"[\w.]+ needs a stride and a dilation at once, which the Keras backend does not support")


def compute(source: EmittedSource, graph: Graph, weights: Mapping[str, Any], x: Any) -> dict[str, Any]:
    """The outputs in float64; probabilities where the source leaves them to `predict`."""
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    left = dict(weights)
    for variable in model.weights:  # as the emitted `load` does
        value = recurrent_stored(left, variable)
        assert variable.shape == value.shape
        variable.assign(value)
    assert not left
    last = np.moveaxis(x, 1, -1)
    given = model.predict(last, verbose=0) if graph.fused is not None else model(last)
    values = map(np.asarray, given if isinstance(given, list | tuple) else (given,))
    ordered = (np.moveaxis(value, -1, 1) for value in values)
    return dict(zip(graph.outputs, ordered, strict=True))


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of one map
@pytest.mark.parametrize("check", checks("keras", compute, MORE), ids=str)
def test_conformance(check: Check) -> None:
    for layer, said in check().items():
        assert REFUSED.fullmatch(said), layer
