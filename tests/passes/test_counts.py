"""Counts of small networks, worked out by hand; those of every spec are held against PyTorch's elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from archc.analysis import Analysis
from archc.passes.counts import Counts, LayerCounts

Check = Callable[..., Analysis]


def counts(analysis: Analysis) -> Counts:
    assert analysis.facts is not None, analysis.findings
    return analysis.facts.counts


def test_what_a_chain_holds_and_takes(check: Check) -> None:
    found = counts(
        check(
            "conv1: {op: conv2d, filters: 6, groups: 2}",
            "norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}",
            "flat: {op: flatten}",
            "fc1: {op: dense, units: 10, bias: false}",
        )
    )
    filters, values = 6 * (4 // 2) * 9, 6 * 8 * 8
    assert found.layers == {
        "conv1": LayerCounts(filters, 6, 0, filters * 64, filters * 64, values, values),
        "norm1": LayerCounts(6, 6, 12, 0, 0, 4 * values + 2 * 6, values),
        "flat": LayerCounts(0, 0, 0, 0, 0, 0, values),
        "fc1": LayerCounts(10 * values, 0, 0, 10 * values, 20 * values, 0, 10),
    }
    assert found.layers["norm1"].parameters == 12


def test_totals_are_the_sums_of_the_layers(check: Check) -> None:
    found = counts(check("conv1: {op: conv2d, filters: 2}", "relu1: {op: relu}", "conv2: {op: conv2d, filters: 3}"))
    for field in fields(LayerCounts):
        assert getattr(found, field.name) == sum(getattr(layer, field.name) for layer in found.layers.values())
    assert found.parameters == found.weights + found.biases == 2 * 4 * 9 + 2 + 3 * 2 * 9 + 3


def test_a_layer_beside_a_trained_one_needs_no_gradient_of_its_input(check: Check) -> None:
    found = counts(
        check(
            "left: {op: conv2d, filters: 2}",
            "right: {op: conv2d, filters: 2, from: image}",
            "sum: {op: add, from: [left, right]}",
            "last: {op: conv2d, filters: 2}",
        )
    )
    assert [layer.backward_macs // (layer.macs or 1) for layer in found.layers.values()] == [1, 1, 0, 2]
