"""Layers that are drawn or that Keras lacks: stochastic depth while training, and layers from their configuration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize("shape", [(3,), (5, 3), (5, 4, 3)])
def test_stochastic_depth_drops_whole_examples(shape: tuple[int, ...]) -> None:
    from archc_keras.rules import RULES
    from keras import layers

    from archc.analysis import analyse
    from archc.emit.plan import Step
    from archc.emit.printer import literal

    text = "schema: archc/v1\nname: a\ninput: {image: [3, 5, 4]}\nlayers:\n  a: {op: stochastic_depth, rate: 0.25}\n"
    facts = analyse(text.encode(), "a.yaml").facts
    assert facts is not None
    (node,) = facts.graph.nodes
    (call,) = RULES.write(Step("a", node, ("image",), facts.graph.tensors(node.inputs))).values()
    assert [literal(item.value) for item in call.arguments[1].value.items] == ["None", "1", "1", "1"]  # pyright: ignore
    layer: Any = layers.Dropout(0.25, noise_shape=(None, *[1] * len(shape)))
    x = np.random.default_rng(0).normal(1, 0.1, size=(400, *shape)).astype(np.float32)
    factors = np.asarray(layer(x, training=True)) / x
    flat = factors.reshape(400, -1)
    np.testing.assert_allclose(flat, np.repeat(flat[:, :1], flat.shape[1], 1), rtol=1e-6)
    dropped = flat[:, 0] == 0
    np.testing.assert_allclose(flat[~dropped], 1 / 0.75, rtol=1e-6)
    assert abs(dropped.mean() - 0.25) < 0.1
    np.testing.assert_array_equal(np.asarray(layer(x)), x)


def test_layers_are_made_again_from_their_configuration() -> None:
    from archc_keras.snippets.leaky_relu import LeakyReLU
    from archc_keras.snippets.normalize import Normalize
    from archc_keras.snippets.scale import Scale

    x = np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype(np.float32)
    for layer in (
        Scale(initial=0.5, bias=True),
        Normalize(mean=[0.1, 0.2], std=[2.0]),
        LeakyReLU(negative_slope=0.1),
    ):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
        np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(layer(x)))
