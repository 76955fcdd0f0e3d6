"""The rules of a backend, for every op and field, and what its source computes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from archc_numpy.rules import RULES

from archc.conformance import Check, checks
from archc.ops import ops

OPS = "add concat conv2d dense dropout flatten max_pool2d relu softmax tanh".split()
WITHOUT_RULE = [f"`{name}`" for name, op in ops().items() if op not in RULES]
FIELDS = ["([2-9]|[1-9][0-9]+) groups", "a softmax over positions", "`(truncated_normal|orthogonal)` weights"]
REFUSED = "|".join((*WITHOUT_RULE, *FIELDS))
"""What a layer may need in vain: an op without a rule, or one of these fields."""


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
        told = f"{re.escape(layer)} needs ({REFUSED}), which the NumPy backend does not support"
        assert re.fullmatch(told, said), said


def test_ops() -> None:
    assert sorted(name for name, op in ops().items() if op in RULES) == OPS
