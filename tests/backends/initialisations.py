"""Networks with a layer for each kind of initialisation, and the distributions of their weights, stated once more."""

from __future__ import annotations

from math import erf, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Layer(NamedTuple):
    """A layer with 240 inputs or 24 maps, its fans, and the distribution of its weights: a kind and its number."""

    body: str
    init: str
    kind: str
    number: float


def layers_of(body: str, fan_in: int, fan_out: int) -> list[Layer]:
    both = (fan_in + fan_out) / 2
    return [
        Layer(body, "{normal: {std: 0.3}}", "normal", 0.3),
        Layer(body, "{truncated_normal: {std: 0.02}}", "truncated", 0.02),
        Layer(body, "{uniform: {limit: 0.05}}", "uniform", 0.05),
        Layer(body, "he_normal", "normal", sqrt(2 / fan_in)),
        Layer(body, "{he_normal: {fan: out}}", "normal", sqrt(2 / fan_out)),
        Layer(body, "{he_normal: {fan: both, slope: 0.5}}", "normal", sqrt(1.6 / both)),
        Layer(body, "he_uniform", "uniform", sqrt(6 / fan_in)),
        Layer(body, "{he_uniform: {fan: out}}", "uniform", sqrt(6 / fan_out)),
        Layer(body, "glorot_normal", "normal", sqrt(1 / both)),
        Layer(body, "{glorot_normal: {gain: 2}}", "normal", 2 * sqrt(1 / both)),
        Layer(body, "{glorot_normal: {fan: out}}", "normal", sqrt(1 / fan_out)),
        Layer(body, "glorot_uniform", "uniform", sqrt(3 / both)),
        Layer(body, "{glorot_uniform: {fan: in, gain: 0.5}}", "uniform", 0.5 * sqrt(3 / fan_in)),
        Layer(body, "lecun_normal", "normal", sqrt(1 / fan_in)),
        Layer(body, "lecun_uniform", "uniform", sqrt(3 / fan_in)),
        Layer(body, "orthogonal", "orthogonal", 1),
        Layer(body, "{orthogonal: {gain: 1.5}}", "orthogonal", 1.5),
        Layer(body, "{constant: {value: 0.25}}", "constant", 0.25),
        Layer(body, "zeros", "constant", 0),
    ]


# By the input.
NETWORKS = {
    "{tokens: [3], vocabulary: 400}": layers_of("op: embedding, channels: 50", 1, 50),
    "[24, 4, 4]": [
        *layers_of("op: conv2d, filters: 24, kernel: [3, 5], padding: [1, 2], groups: 1", 24 * 15, 24 * 15),
        *layers_of("op: conv2d, filters: 24, kernel: [3, 5], padding: [1, 2], groups: 3", 8 * 15, 8 * 15),
        *layers_of("op: conv2d, filters: 96, kernel: 3, padding: 1, groups: 2, bias_init: 0.5", 12 * 9, 48 * 9),
        *layers_of("op: conv2d, filters: 240, kernel: 1, groups: 24, bias: false", 1, 10),
        # The fans of a transposed convolution are those of the convolution that it transposes.
        *layers_of("op: conv_transpose2d, filters: 96, kernel: [3, 5], groups: 3", 32 * 15, 8 * 15),
    ],
    "[24, 16]": [
        *layers_of("op: conv1d, filters: 48, kernel: 9, groups: 2", 12 * 9, 24 * 9),
        *layers_of("op: conv_transpose1d, filters: 96, kernel: 7, groups: 3", 32 * 7, 8 * 7),
    ],
    "[240, 1, 1]": [
        *layers_of("op: dense, units: 60", 240, 60),
        *layers_of("op: dense, units: 480, bias_init: 1", 240, 480),
    ],
}


def spec_of(given: str) -> bytes:
    """The spec of a network in which every layer reads the same value."""
    flat = "" if "tokens" in given else "  flat: {op: flatten}\n" if given.endswith("1, 1]") else "  flat: {op: relu}\n"
    fields = [f"{body}, from: {'flat' if flat else 'x'}, weight_init: {init}" for body, init, *_ in NETWORKS[given]]
    layers = [f"  l{number}: {{{each}}}\n" for number, each in enumerate(fields)]
    return f"schema: archc/v1\nname: net\ninput: {{x: {given}}}\nlayers:\n{flat}{''.join(layers)}".encode()


def assert_drawn(weights: Array, layer: Layer) -> None:
    """Moments within five standard errors, bounds exactly, and the distribution function by Kolmogorov and Smirnov."""
    number, values = layer.number, np.sort(weights, axis=None).astype(np.float64)
    if layer.kind == "constant":
        assert set(values.tolist()) == {number}
        return
    if layer.kind == "orthogonal":
        matrix = weights.reshape(len(weights), -1)
        gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
        np.testing.assert_allclose(gram, number**2 * np.eye(len(gram)), atol=1e-5)
        assert abs(values.mean()) < 5 * values.std() / values.size**0.5
        return
    std, most, function = _function(layer.kind, number, values)
    assert abs(values.mean()) < 5 * std / values.size**0.5
    assert abs(values.std() / std - 1) < 5 / values.size**0.5
    assert np.abs(values).max() <= most * (1 + 1e-6)
    steps = np.arange(values.size + 1) / values.size
    distance = max(np.abs(function - steps[1:]).max(), np.abs(function - steps[:-1]).max())
    assert distance < 2.23 / values.size**0.5  # a probability of 1e-4


def _function(kind: str, number: float, values: Array) -> tuple[float, float, Array]:
    """The standard deviation, the bound, and the distribution function at each value."""
    if kind == "uniform":
        return number / sqrt(3), number, (values / number + 1) / 2
    normal = np.array([(1 + erf(value / number / sqrt(2))) / 2 for value in values])
    if kind == "normal":
        return number, np.inf, normal
    tail = (1 + erf(-sqrt(2))) / 2
    return number * 0.87962566, 2 * number, (normal - tail) / (1 - 2 * tail)
