"""Gradients of layers of sequences in float64, by their inputs and weights, against central differences of NumPy's.

Of each case, one random direction of all inputs and weights together, as in the tests of PyTorch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.weights import in_keras

from archc.backend import Origin, Request, load
from archc.conformance import spec_cases
from archc.conformance.cases import Case, op_cases
from archc.conformance.computing import random_examples, random_parameters
from archc.conformance.reference import evaluate

pytestmark = pytest.mark.usefixtures("float64")

STEP = 1e-6
GOOD = spec_cases(Path(__file__).parents[3] / "specs" / "good")
OPS = ("attention", "positions", "class_token", "select", "lstm", "gru", "embedding")
CASES = [
    *(case for name in OPS for case in op_cases(name)[::3]),
    *(case for case in GOOD if case.name in ("cross", "transformer", "recurrent", "text")),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_slope_in_a_random_direction(case: Case) -> None:
    import tensorflow as tf

    graph, random = case.facts.graph, np.random.default_rng(1)
    source = load("keras").emit(Request(graph, case.facts.counts, case.facts.recipe, Origin.of("spec.yaml", b"")))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    x: Any = random_examples(graph, random, 2)
    (given_as,) = graph.inputs.values()
    weights = {
        f"{node.name}.{name}": value
        for node in graph.nodes
        for name, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
    }
    along = {name: random.standard_normal(value.shape) for name, value in weights.items()}
    along_x = random.standard_normal(x.shape) * (not given_as.is_tokens)
    (output,) = graph.fused.inputs if graph.fused is not None else graph.outputs
    upstream = random.standard_normal((2, *graph.tensor(output).shape))

    def total(step: float) -> float:
        moved = {name: value + step * along[name] for name, value in weights.items()}
        return float((evaluate(graph, moved, x if given_as.is_tokens else x + step * along_x)[output] * upstream).sum())

    variables = [(layer, variable) for layer in model.layers for variable in layer.trainable_weights]
    for layer, variable in variables:
        variable.assign(in_keras(layer, variable, weights))
    given = tf.constant(np.moveaxis(x, 1, -1))
    with tf.GradientTape() as tape:
        tape.watch(given)
        value = tf.reduce_sum(model(given) * np.moveaxis(upstream, 1, -1))
    watched = [variable.value for _, variable in variables]
    gradients, of_x = tape.gradient(value, (watched, given))
    slope = 0.0 if given_as.is_tokens else float((np.asarray(of_x) * np.moveaxis(along_x, 1, -1)).sum())
    for (layer, variable), gradient in zip(variables, gradients, strict=True):
        assert gradient is not None, variable.path
        slope += float((np.asarray(tf.convert_to_tensor(gradient)) * in_keras(layer, variable, along)).sum())
    expected = (total(STEP) - total(-STEP)) / (2 * STEP)
    assert slope == pytest.approx(expected, rel=1e-5, abs=1e-4)
