"""The rules of a backend, for every op and field, and what its source computes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from archc.conformance import Check, checks

REFUSED = re.compile(r"\w+ needs (`batch_norm`|`lrn`|[2-9][0-9]* groups), which the NumPy backend does not support")


def compute(source, graph, weights, x):
    """The values of the outputs, for given weights."""
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    for key, value in weights.items():
        layer, _, parameter = key.rpartition(".")
        attribute = f"{source.renamed.get(layer, layer)}_{parameter}"
        assert getattr(model, attribute).shape == value.shape
        setattr(model, attribute, value)
    values = model.predict(x) if hasattr(model, "predict") else model(x)
    return dict(zip(graph.outputs, values if isinstance(values, tuple) else (values,), strict=True))


@pytest.mark.parametrize("check", checks("numpy", compute), ids=str)
def test_conformance(check: Check) -> None:
    for layer, said in check().items():
        assert REFUSED.fullmatch(said), layer
