"""Gradients of every op in float64, by its inputs and its weights, against central differences of NumPy's reference.

Of each op, a case for each kind of input; of each case, one random direction of all inputs and weights together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.weights import in_keras

from archc.analysis import Facts
from archc.backend import Origin, Request, Unsupported, load
from archc.conformance.cases import Case, op_cases, spec_cases
from archc.conformance.computing import random_examples, random_parameters
from archc.conformance.reference import evaluate
from archc.ops import ops

pytestmark = pytest.mark.usefixtures("float64")
STEP = 1e-6
MOST_MACS = 100_000
GOOD = Path(__file__).parents[3] / "specs" / "good"
SEQUENCES = ("attention", "class_token", "gru", "lstm", "positions")


def chosen() -> Iterator[Case]:
    for name in ops():
        of_kind: dict[str, Case] = {}
        for case in op_cases(name):
            graph = case.facts.graph
            kind = graph.tensors(graph.node("layer").inputs)[0].kind
            if case.facts.counts.macs <= MOST_MACS and is_supported(case.facts):
                of_kind.setdefault(kind, case)
        assert of_kind, name
        yield from of_kind.values()
    # Of layers of sequences, which have several weights, all of their fields.
    yield from (case for name in SEQUENCES for case in op_cases(name)[1::3])
    yield from (case for case in spec_cases(GOOD) if case.name in ("cross", "recurrent", "text", "transformer"))


def request(facts: Facts) -> Request:
    return Request(facts.graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b""))


def is_supported(facts: Facts) -> bool:
    try:
        load("keras").emit(request(facts))
    except Unsupported:
        return False
    return True


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1 of a tensor")  # of one map
@pytest.mark.parametrize("case", [*chosen()], ids=str)
def test_the_slope_in_a_random_direction(case: Case) -> None:
    graph, random = case.facts.graph, np.random.default_rng(1)
    (given_as,), (output,) = graph.inputs.values(), graph.outputs
    x: Any = random_examples(graph, random, 2)
    weights = {
        f"{node.name}.{name}": value
        for node in graph.nodes
        for name, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
    }
    upstream = random.standard_normal((2, *graph.tensor(output).shape))
    along_x = random.standard_normal(x.shape) * (not given_as.is_tokens)  # tokens have no gradient
    trained = [
        f"{node.name}.{parameter.name}"
        for node in graph.nodes
        for parameter in node.op.parameters(graph.tensors(node.inputs))
        if parameter.trained
    ]
    along = {name: random.standard_normal(weights[name].shape) for name in trained}
    slope = slope_of_keras(case.facts, weights, x, along_x, along, upstream)

    def total(step: float) -> float:
        moved = {name: value + step * along.get(name, 0) for name, value in weights.items()}
        return float((evaluate(graph, moved, x if given_as.is_tokens else x + step * along_x)[output] * upstream).sum())

    expected = (total(STEP) - total(-STEP)) / (2 * STEP)
    assert slope == pytest.approx(expected, rel=1e-5, abs=1e-4)


def slope_of_keras(
    facts: Facts, weights: dict[str, Any], x: Any, along_x: Any, along: dict[str, Any], upstream: Any
) -> float:
    """The slope by Keras's gradients, in the directions `along_x` of the input and `along` of the trained weights."""
    import tensorflow as tf

    source = load("keras").emit(request(facts))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    owners = {id(variable): layer for layer in model.layers for variable in layer.weights}
    for variable in model.weights:
        variable.assign(in_keras(owners[id(variable)], variable, weights))
    given = tf.constant(np.moveaxis(x, 1, -1))
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = model(given)
        if facts.graph.fused is not None:
            found = tf.nn.softmax(found) if facts.graph.fused.op.gives_probabilities else tf.nn.sigmoid(found)
        loss = tf.reduce_sum(found * np.moveaxis(upstream, 1, -1))
    gradients: Any = tape.gradient(loss, [given, [v.value for v in model.trainable_variables]])
    of_x, of_weights = gradients
    slope = 0.0 if of_x is None else (np.moveaxis(of_x.numpy(), -1, 1) * along_x).sum()
    for variable, gradient in zip(model.trainable_variables, of_weights, strict=True):
        value: Any = tf.convert_to_tensor(gradient)
        slope += (value.numpy() * in_keras(owners[id(variable)], variable, along)).sum()
    return slope
