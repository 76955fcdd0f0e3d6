"""The layers that emitted source brings along, and the layout of saved weights, against NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from archc.training.job import Job
from archc.training.model import source

Array = NDArray[np.float64]


def lrn(x: Array, size: int, alpha: float, beta: float, k: float, groups: int = 1) -> Array:
    """Over maps (N, C, H, W), value by value."""
    part = x.shape[1] // groups
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        first = c - c % part
        low, high = max(c - size // 2, first), min(c + (size - 1) // 2 + 1, first + part)
        y[:, c] = x[:, c] / (k + alpha / size * (x[:, low:high] ** 2).sum(1)) ** beta
    return y


def spatial_lrn(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    """Within maps (N, C, H, W), place by place."""
    y = np.empty_like(x)
    before, after = size // 2, (size - 1) // 2 + 1
    for row, column in np.ndindex(x.shape[2:]):
        rows, columns = (slice(max(place - before, 0), place + after) for place in (row, column))
        energy = (x[:, :, rows, columns] ** 2).sum((2, 3))
        y[:, :, row, column] = x[:, :, row, column] / (k + alpha / size**2 * energy) ** beta
    return y


def conv(x: Array, weight: Array, bias: Array, *, stride: int = 1, padding: int = 0) -> Array:
    """Maps (N, C, H, W) by weights (O, C / groups, kH, kW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, weight.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    groups = x.shape[1] // weight.shape[1]
    parts = zip(np.split(windows, groups, 1), np.split(weight, groups), strict=True)
    return np.concatenate([np.einsum("nchwyx,ocyx->nohw", *part) for part in parts], 1) + bias[:, None, None]


def max_pool(x: Array, kernel: int, stride: int) -> Array:
    return sliding_window_view(x, (kernel, kernel), (2, 3))[:, :, ::stride, ::stride].max((4, 5))


def applied(layer: Any, x: Array) -> Array:
    """A channels-last layer on maps (N, C, H, W)."""
    return np.asarray(layer(x.transpose(0, 2, 3, 1))).transpose(0, 3, 1, 2)


def gradient(layer: Any, x: Array, upstream: Array) -> Array:
    """The gradient of sum(layer(x) * upstream), maps (N, C, H, W)."""
    import tensorflow as tf

    given = tf.constant(x.transpose(0, 2, 3, 1))
    with tf.GradientTape() as tape:
        tape.watch(given)
        total = tf.reduce_sum(layer(given) * upstream.transpose(0, 2, 3, 1))
    return np.asarray(tape.gradient(total, given)).transpose(0, 3, 1, 2)


def slope(function: Callable[[Array], Array], x: Array, upstream: Array, step: float = 1e-5) -> Array:
    """The same gradient by central differences."""
    found = np.empty_like(x)
    for place in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[place] = step
        found[place] = ((function(x + change) - function(x - change)) * upstream).sum() / (2 * step)
    return found


def values(*shape: int) -> Array:
    return np.random.default_rng(7).normal(size=shape)


FIGURES: dict[str, Any] = {"alpha": 2.0, "beta": 0.75, "k": 1.5}


@pytest.mark.parametrize(("size", "groups"), [(1, 1), (5, 1), (5, 2), (4, 2), (2, 4), (9, 2)])
def test_lrn_over_maps(size: int, groups: int) -> None:
    from archc_keras.snippets.lrn import LocalResponseNorm

    layer = LocalResponseNorm(size, **FIGURES, groups=groups, dtype="float64")
    x, upstream = values(2, 8, 2, 3), values(2, 8, 2, 3)[::-1]

    def meaning(x: Array) -> Array:
        return lrn(x, size, **FIGURES, groups=groups)

    np.testing.assert_allclose(applied(layer, x), meaning(x), rtol=1e-12)
    np.testing.assert_allclose(gradient(layer, x, upstream), slope(meaning, x, upstream), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("size", [1, 3, 4, 9])
def test_lrn_within_maps(size: int) -> None:
    from archc_keras.snippets.spatial_lrn import SpatialResponseNorm

    layer = SpatialResponseNorm(size, **FIGURES, dtype="float64")
    x, upstream = values(2, 2, 4, 5), values(2, 2, 4, 5)[::-1]

    def meaning(x: Array) -> Array:
        return spatial_lrn(x, size, **FIGURES)

    np.testing.assert_allclose(applied(layer, x), meaning(x), rtol=1e-12)
    np.testing.assert_allclose(gradient(layer, x, upstream), slope(meaning, x, upstream), rtol=1e-6, atol=1e-9)


def test_lrn_in_bfloat16_is_computed_in_float32() -> None:
    from archc_keras.snippets.lrn import LocalResponseNorm
    from archc_keras.snippets.spatial_lrn import SpatialResponseNorm

    x = values(1, 4, 2, 2).astype(np.float32)
    for kind in (partial(LocalResponseNorm, groups=2), SpatialResponseNorm):
        low, high = (kind(3, **FIGURES, dtype=dtype) for dtype in ("mixed_bfloat16", "float32"))
        y = low(x)
        assert y.dtype == "bfloat16"
        np.testing.assert_allclose(np.asarray(y, np.float32), np.asarray(high(x)), rtol=2**-7)


def test_layers_are_made_again_from_their_configuration() -> None:
    from archc_keras.snippets.grouped_conv import GroupedConv2D
    from archc_keras.snippets.lrn import LocalResponseNorm
    from archc_keras.snippets.spatial_lrn import SpatialResponseNorm

    for layer in (
        LocalResponseNorm(5, **FIGURES, groups=2, name="norm"),
        SpatialResponseNorm(3, **FIGURES),
        GroupedConv2D(4, 3, groups=2),
    ):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
        np.testing.assert_array_equal(again(np.ones((1, 5, 5, 4))).shape, layer(np.ones((1, 5, 5, 4))).shape)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_grouped_convolution(groups: int) -> None:
    from archc_keras.snippets.grouped_conv import GroupedConv2D

    layer: Any = GroupedConv2D(6, 3, strides=2, groups=groups, bias_initializer="ones", dtype="float64")
    x, upstream = values(2, 6, 7, 9), values(2, 6, 3, 4)
    found = applied(layer, x)
    weight, bias = layer.kernel.numpy().transpose(3, 2, 0, 1), layer.bias.numpy()
    assert weight.shape == (6, 6 // groups, 3, 3)
    np.testing.assert_allclose(found, conv(x, weight, bias, stride=2), rtol=1e-12, atol=1e-14)
    # The convolution is linear in x: its gradient is exact in one step of any length.
    by_differences = slope(lambda x: conv(x, weight, bias, stride=2), x, upstream, step=1.0)
    np.testing.assert_allclose(gradient(layer, x, upstream), by_differences, rtol=1e-9, atol=1e-12)


def test_saved_weights_mean_the_same_with_channels_first(make_job: Callable[..., Job]) -> None:
    from archc_keras.weights import as_bytes
    from safetensors.numpy import load

    job = make_job("layout")
    model = source(job).Small()
    saved = load(as_bytes(model))
    assert {name: array.shape for name, array in saved.items()} == {
        "conv1.weight": (8, 3, 5, 5),
        "conv1.bias": (8,),
        "conv2.weight": (12, 4, 3, 3),
        "conv2.bias": (12,),
        "fc3.weight": (16, 432),
        "fc3.bias": (16,),
        "fc4.weight": (7, 16),
        "fc4.bias": (7,),
    }
    assert {array.dtype for array in saved.values()} == {np.dtype(np.float32)}

    x = values(3, 3, 32, 32) * 50
    weight = {name: array.astype(np.float64) for name, array in saved.items()}
    y = np.maximum(conv(x, weight["conv1.weight"], weight["conv1.bias"], stride=2), 0)
    y = max_pool(lrn(y, 3, alpha=0.01, beta=0.75, k=2.0, groups=2), 3, 2)
    y = conv(y, weight["conv2.weight"], weight["conv2.bias"], padding=1).reshape(3, -1)
    for name in ("fc3", "fc4"):
        y = y @ weight[f"{name}.weight"].T + weight[f"{name}.bias"]
    np.testing.assert_allclose(np.asarray(model(x.transpose(0, 2, 3, 1))), y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("spoiler", [float("inf"), float("-inf"), float("nan"), 1e20, 3e38])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("size", [4, 5])
def test_a_value_reaches_only_the_windows_that_contain_it(size: int, groups: int, spoiler: float) -> None:
    from archc_keras.snippets.lrn import LocalResponseNorm

    layer = LocalResponseNorm(size, **FIGURES, groups=groups)
    x: Any = values(2, 24, 2, 3).astype(np.float32)
    place = 11
    spoiled = x.copy()
    spoiled[1, place, 0, 2] = spoiler
    group = range(24 // groups)
    maps = [c for c in group if place in range(c - size // 2, c + (size - 1) // 2 + 1)]
    beyond = range(max(0, maps[0] - size), min(group.stop, maps[-1] + size + 1))
    others = np.ones(x.shape, bool)
    others[1, maps, 0, 2] = False
    np.testing.assert_array_equal(applied(layer, spoiled)[others], applied(layer, x)[others])
    others[1, list(beyond), 0, 2] = False
    ones: Any = np.ones_like(x)
    np.testing.assert_array_equal(gradient(layer, spoiled, ones)[others], gradient(layer, x, ones)[others])


@pytest.mark.parametrize("spoiler", [float("inf"), float("nan"), 1e20])
def test_a_value_reaches_only_the_places_around_it(spoiler: float) -> None:
    from archc_keras.snippets.spatial_lrn import SpatialResponseNorm

    layer = SpatialResponseNorm(3, **FIGURES)
    x: Any = values(2, 2, 9, 9).astype(np.float32)
    spoiled = x.copy()
    spoiled[1, 1, 4, 4] = spoiler
    others = np.ones(x.shape, bool)
    others[1, 1, 3:6, 3:6] = False
    np.testing.assert_array_equal(applied(layer, spoiled)[others], applied(layer, x)[others])
    others[1, 1, 2:7, 2:7] = False
    ones: Any = np.ones_like(x)
    np.testing.assert_array_equal(gradient(layer, spoiled, ones)[others], gradient(layer, x, ones)[others])


@pytest.mark.parametrize("spoiler", [2e19, -1e30, 3e38])
def test_without_a_weight_no_value_is_too_large_to_square(spoiler: float) -> None:
    from archc_keras.snippets.lrn import LocalResponseNorm
    from archc_keras.snippets.spatial_lrn import SpatialResponseNorm

    x: Any = values(2, 4, 5, 5).astype(np.float32)
    x[1, 2, 3, 3] = spoiler
    figures = {"alpha": 0.0, "beta": 0.75, "k": 2.0}
    for layer in (LocalResponseNorm(3, **figures, groups=2), SpatialResponseNorm(3, **figures)):
        np.testing.assert_allclose(applied(layer, x), x * 2**-0.75, rtol=1e-6)
        ones: Any = np.ones_like(x)
        np.testing.assert_allclose(gradient(layer, x, ones), 2**-0.75, rtol=1e-6)


def test_no_matrix_product_that_tensorflow_would_round() -> None:
    import tensorflow as tf
    from archc_keras.snippets.lrn import LocalResponseNorm

    norm: Any = LocalResponseNorm(5, **FIGURES, groups=2)
    traced: Any = tf.function(norm).get_concrete_function(tf.TensorSpec((2, 4, 4, 8)))
    assert not {operation.type for operation in traced.graph.get_operations()} & {"MatMul", "BatchMatMulV2", "Conv2D"}
