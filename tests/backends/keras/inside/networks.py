"""The networks in `specs/`, with small inputs: what Keras computes of each is what the language says, in float64."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.weights import canonical, in_keras

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.conformance.computing import random_examples, random_parameters
from archc.conformance.reference import evaluate

SPECS = sorted((Path(__file__).parents[4] / "specs").glob("*.yaml"))
STRIDES_OF_4 = 67
"""Height and width of the pictures of networks that begin with a stride of 4, or else two of 2; the others' have 32."""

pytestmark = pytest.mark.usefixtures("float64")


def small(spec: Path) -> bytes:
    """The spec without expectations, for small pictures; the weights of dense layers follow."""
    text = spec.read_text(encoding="utf-8")
    size = STRIDES_OF_4 if "alexnet" in spec.stem or spec.stem in ("caffenet", "nin", "zfnet") else 32
    text = re.sub(r"\[3, \d+, \d+\]", f"[3, {size}, {size}]", text)
    text = re.sub(r"crop: \d+", f"crop: {size}", text)
    text = re.sub(r"(, |\n +)expect: \[[^\]]*\]", "", text)
    return re.sub(r"\nexpect: .*\n", "\n", text).encode()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_a_network(spec: Path) -> None:
    analysis = analyse(small(spec), spec.name)
    facts = analysis.facts
    assert facts is not None, [finding.message for finding in analysis.findings]
    graph, random = facts.graph, np.random.default_rng(0)
    request = Request(graph, facts.counts, facts.recipe, Origin.of(spec.name, b""))
    source = load("keras").emit(request)
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    weights = {
        f"{node.name}.{name}": value
        for node in graph.nodes
        for name, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
    }
    assert canonical(model).keys() == weights.keys()
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(in_keras(layer, variable, weights))
    x: Any = random_examples(graph, random, 1)
    outputs = graph.fused.inputs if graph.fused is not None else graph.outputs
    (expected,) = (evaluate(graph, weights, x)[name] for name in outputs)
    found: Any = np.asarray(model(np.moveaxis(x, 1, -1)))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(np.moveaxis(found, -1, 1) / scale, expected / scale, atol=1e-9)
