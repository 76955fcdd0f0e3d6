"""The reference on examples small enough to work out by hand. Other tests compare both backends with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archc.analysis import analyse
from archc.conformance.reference import evaluate

HEAD = "schema: archc/v1\nname: a\ninput: {image: %s}\nlayers:\n"


def last(image: list[int], x: Any, *layers: str, **weights: Any) -> Any:
    """The last layer's value for one example."""
    text = HEAD % image + "".join(f"  {layer}\n" for layer in layers)
    facts = analyse(text.encode(), "a.yaml").facts
    assert facts is not None
    arrays = {name.replace("_", ".", 1): np.array(value, float) for name, value in weights.items()}
    values = evaluate(facts.graph, arrays, np.array(x, float).reshape(1, *image))
    assert values[facts.graph.nodes[-1].name].dtype == np.float64
    return values[facts.graph.nodes[-1].name][0].tolist()


def test_a_convolution_in_groups_reads_its_own_maps() -> None:
    layer = "conv: {op: conv2d, filters: 2, kernel: [1, 2], groups: 2, weight_init: {he_normal: {}}}"
    x = [[[1, 2, 3]], [[10, 20, 30]]]
    assert last([2, 1, 3], x, layer, conv_weight=[[[[1, -1]]], [[[2, 0.5]]]], conv_bias=[0, 5]) == [
        [[1 - 2, 2 - 3]],
        [[20 + 10 + 5, 40 + 15 + 5]],
    ]


@pytest.mark.parametrize(
    ("fields", "pooled"),
    [
        ("kernel: [1, 2], stride: 2", [2, 4]),
        ("kernel: [1, 2], stride: 2, rounding: ceil", [2, 4, 5]),
        ("kernel: [1, 3], stride: 2, padding: same", [2, 4, 5]),
        ("kernel: [1, 2], stride: 1, padding: {top: 0, bottom: 0, left: 1, right: 0}", [1, 2, 3, 4, 5]),
    ],
)
def test_a_pool(fields: str, pooled: list[int]) -> None:
    assert last([1, 1, 5], [1, 2, 3, 4, 5], f"pool: {{op: max_pool2d, {fields}}}") == [[pooled]]


def test_a_dilated_kernel_skips_places() -> None:
    layer = "conv: {op: conv2d, filters: 1, kernel: [1, 2], dilation: 2, bias: false, weight_init: {he_normal: {}}}"
    assert last([1, 1, 4], [1, 2, 3, 4], layer, conv_weight=[[[[1, 10]]]]) == [[[31, 42]]]


def test_lrn_over_maps_stays_in_its_group() -> None:
    layer = "norm: {op: lrn, size: 3, alpha: 3, beta: 1, k: 1, groups: 2}"
    found = last([4, 1, 1], [1, 2, 3, 4], layer)
    assert np.ravel(found) == pytest.approx([1 / 6, 2 / 6, 3 / 26, 4 / 26])


def test_lrn_within_a_map_counts_nothing_beyond_it() -> None:
    layer = "norm: {op: lrn, scope: spatial, size: 2, alpha: 4, beta: 0.5, k: 1}"
    found = last([1, 2, 2], [1, 2, 3, 4], layer)  # the window of an even size leans up and to the left
    assert np.ravel(found) == pytest.approx([1 / 2**0.5, 2 / 6**0.5, 3 / 11**0.5, 4 / 31**0.5])


def test_batch_normalisation_by_its_running_figures() -> None:
    layer = "norm: {op: batch_norm, epsilon: 1, momentum: 0.9}"
    figures = {"norm_weight": [2, 1], "norm_bias": [0, 5], "norm_mean": [1, 2], "norm_variance": [3, 8]}
    assert last([2, 1, 2], [[1, 3], [2, 5]], layer, **figures) == [[[0, 2]], [[5, 6]]]


def test_a_graph() -> None:
    layers = (
        "up: {op: relu}",
        "bend: {op: tanh, from: image}",
        "sum: {op: add, from: [up, bend]}",
        "both: {op: concat, from: [sum, image]}",
        "flat: {op: flatten}",
        "drop: {op: dropout, rate: 0.5}",
        "fc: {op: dense, units: 2, weight_init: {he_normal: {}}}",
        "prob: {op: softmax}",
    )
    found = last([1, 1, 2], [-1, 2], *layers, fc_weight=[[1, 0, 0, 0], [0, 1, 1, 1]], fc_bias=[0, 1])
    first, second = np.tanh(-1), (2 + np.tanh(2)) - 1 + 2 + 1
    assert found == pytest.approx([1 / (1 + np.exp(second - first)), 1 / (1 + np.exp(first - second))])
