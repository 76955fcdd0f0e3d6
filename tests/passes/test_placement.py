"""Which layers exchange what, under each strategy."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis

Check = Callable[..., Analysis]
Exchanges = list[tuple[str, str, int]]

CONV1 = "conv1: {op: conv2d, filters: 12}"
DENSE = ("flat: {op: flatten}", "fc1: {op: dense, units: 24}", "relu1: {op: relu}", "fc2: {op: dense, units: 12}")


def exchanges(analysis: Analysis) -> Exchanges:
    assert analysis.facts is not None, analysis.findings
    assert analysis.facts.placement is not None
    return [(e.layer, e.kind, e.values) for e in analysis.facts.placement.exchanges]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (["conv2: {op: conv2d, filters: 12}"], [("conv2", "gather", 12 * 64)]),
        (["conv2: {op: conv2d, filters: 12, groups: 2}"], []),
        (["conv2: {op: conv2d, filters: 12, groups: 4}"], []),
        (["conv2: {op: conv2d, filters: 12, groups: 3}"], [("conv2", "gather", 2 * 2 * 64)]),
        (["conv2: {op: conv2d, filters: 12, from: image}"], []),
        (["norm1: {op: lrn}"], [("norm1", "halo", 2 * 2 * 64)]),
        (["norm1: {op: lrn, groups: 2}"], []),
        (["norm1: {op: lrn, scope: spatial}"], []),
        (["norm1: {op: lrn, size: 1}"], []),
        (["pool1: {op: max_pool2d, kernel: 2, stride: 2}", "relu1: {op: relu}", "drop1: {op: dropout, rate: 0.5}"], []),
        (["sum1: {op: add, from: [conv1, conv1]}"], []),
        (["join1: {op: concat, from: [conv1, image]}"], [("join1", "redistribute", 2 * 64)]),
        (DENSE, [("fc1", "gather", 12 * 64), ("fc2", "gather", 24)]),
        ([*DENSE, "prob: {op: softmax}"], [("fc1", "gather", 12 * 64), ("fc2", "gather", 24)]),
        (
            ["flat: {op: flatten}", "prob: {op: softmax}", "fc1: {op: dense, units: 2}"],
            [("prob", "gather", 12 * 64), ("fc1", "gather", 12 * 64)],
        ),
    ],
)
def test_by_columns_over_two_devices(check: Check, layers: list[str], expected: Exchanges) -> None:
    assert exchanges(check(CONV1, *layers, parallel="{devices: 2, strategy: columns}")) == expected


@pytest.mark.parametrize(("groups", "boundaries"), [(1, 3), (2, 2), (4, 0)])
def test_a_halo_crosses_only_boundaries_inside_a_group(check: Check, groups: int, boundaries: int) -> None:
    found = exchanges(check(CONV1, f"norm1: {{op: lrn, groups: {groups}}}", parallel="{devices: 4, strategy: columns}"))
    assert found == ([("norm1", "halo", 2 * boundaries * 2 * 64)] if boundaries else [])


def test_hybrid_keeps_convolutions_whole_and_splits_dense_layers(check: Check) -> None:
    layers = [CONV1, "norm1: {op: lrn}", "conv2: {op: conv2d, filters: 7}", *DENSE]
    found = exchanges(check(*layers, parallel="{devices: 2, strategy: hybrid}"))
    assert found == [("fc1", "gather", 7 * 64), ("fc2", "gather", 24)]


@pytest.mark.parametrize("parallel", ["{devices: 2, strategy: data}", "{devices: 1, strategy: columns}"])
def test_whole_models_exchange_no_maps_and_need_no_even_widths(check: Check, parallel: str) -> None:
    assert exchanges(check("conv1: {op: conv2d, filters: 7}", *DENSE, parallel=parallel)) == []


@pytest.mark.parametrize(
    ("parallel", "faulty"),
    [
        ("{devices: 5, strategy: columns}", ["conv1", "fc1", "fc2"]),
        ("{devices: 5, strategy: hybrid}", ["fc1", "fc2"]),
        ("{devices: 8, strategy: columns}", ["conv1", "fc2"]),
        ("{devices: 12, strategy: columns}", []),
    ],
)
def test_widths_are_multiples_of_the_devices(check: Check, parallel: str, faulty: list[str]) -> None:
    found = [f for f in check(CONV1, *DENSE, parallel=parallel).findings if f.code == "ARC401"]
    assert [finding.message.partition("'s ")[0] for finding in found] == faulty


def test_the_widths_that_would_do_are_named(check: Check) -> None:
    (finding,) = check("conv1: {op: conv2d, filters: 9}", parallel="{devices: 4, strategy: columns}").findings
    assert finding.message == "conv1's 9 maps do not split over 4 devices"
    assert finding.notes == ("9 / 4 is not whole",)
    assert finding.help == "8 or 12 maps do"


def test_without_parallel_there_is_no_placement(check: Check) -> None:
    analysis = check(CONV1)
    assert analysis.facts is not None
    assert analysis.facts.placement is None
