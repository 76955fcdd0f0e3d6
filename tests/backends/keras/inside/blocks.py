"""Networks of blocks in Keras: random networks as without blocks, values and gradients, and the paths of weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from archc_keras.weights import canonical
from block_networks import drawn, flattened

from archc.analysis import Facts
from archc.backend import Origin, Request, load
from archc.graph import Graph

EXAMPLES = 40


def built(facts: Facts, graph: Graph) -> Any:
    source = load("keras").emit(Request(graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    return scope[source.class_name]()


def gradients(model: Any, x: Any) -> tuple[list[Any], list[Any]]:
    """The outputs, and the gradients of their squares."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        given: Any = model(x, training=True)
        outputs = given if isinstance(given, list | tuple) else [given]
        loss = tf.add_n([tf.reduce_sum(tf.square(output)) for output in outputs])
    found: Any = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    return [output.numpy() for output in outputs], [None if g is None else g.numpy() for g in found]


def test_a_random_network_is_the_same_without_blocks() -> None:
    keras.backend.set_floatx("float64")
    tested = 0
    for seed in range(EXAMPLES):
        facts = drawn(seed)
        if facts is None or len(facts.graph.nodes) > 40:
            continue
        flat, names = flattened(facts.graph)
        model, other = built(facts, facts.graph), built(facts, flat)
        assert {names[path.rpartition(".")[0]] + path[path.rindex(".") :] for path in canonical(model)} == {
            *canonical(other)
        }
        for own, its in zip(model.weights, other.weights, strict=True):
            its.assign(own)
        (image,) = facts.graph.inputs.values()
        x = np.random.default_rng(seed).standard_normal((3, *image.shape[1:], image.channels))
        first, second = gradients(model, x), gradients(other, x)
        for pair in zip((*first[0], *first[1]), (*second[0], *second[1]), strict=True):
            assert (pair[0] is None) == (pair[1] is None), seed
            if pair[0] is not None:
                np.testing.assert_allclose(pair[0], pair[1], rtol=1e-12, atol=1e-12, err_msg=str(seed))
        tested += 1
    keras.backend.set_floatx("float32")
    assert tested > EXAMPLES // 5
