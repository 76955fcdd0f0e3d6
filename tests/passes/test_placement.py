"""Which layers exchange what, under each strategy."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis

Check = Callable[..., Analysis]
Exchanges = list[tuple[str, str, float]]

CONV1 = "conv1: {op: conv2d, filters: 12}"
DENSE = ("flat: {op: flatten}", "fc1: {op: dense, units: 24}", "relu1: {op: relu}", "fc2: {op: dense, units: 12}")


def exchanges(analysis: Analysis) -> Exchanges:
    assert analysis.facts is not None, analysis.findings
    assert analysis.facts.placement is not None
    return [(e.layer, str(e.kind), e.values) for e in analysis.facts.placement.exchanges]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (["conv2: {op: conv2d, filters: 12}"], [("conv2", "gather", 12 * 64)]),
        (["conv2: {op: conv2d, filters: 12, groups: 2}"], []),
        (["conv2: {op: conv2d, filters: 12, groups: 4}"], []),
        (["conv2: {op: conv2d, filters: 12, groups: 3}"], [("conv2", "gather", 12 * 64)]),  # replicated
        (["conv2: {op: conv2d, filters: 12, from: image}"], []),
        (
            ["conv2: {op: conv2d, filters: 12, groups: 2, weight_init: {orthogonal: {}}}"],
            [("conv2", "gather", 12 * 64)],
        ),
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
        ("{devices: 5, strategy: columns}", ["conv1, fc2", "fc1"]),
        ("{devices: 5, strategy: hybrid}", ["fc1", "fc2"]),
        ("{devices: 8, strategy: columns}", ["conv1, fc2"]),
        ("{devices: 12, strategy: columns}", []),
    ],
)
def test_widths_are_multiples_of_the_devices(check: Check, parallel: str, faulty: list[str]) -> None:
    notes = [f.notes for f in check(CONV1, *DENSE, parallel=parallel).findings if f.code == "ARC401"]
    assert [note.partition(": ")[0] for each in notes for note in each] == faulty
    assert len(notes) <= 1


def test_widths_that_split_evenly_are_proposed(check: Check) -> None:
    (finding,) = check("conv1: {op: conv2d, filters: 9}", parallel="{devices: 4, strategy: columns}").findings
    assert finding.message == "conv1's 9 maps do not split over 4 devices"
    assert finding.notes == ("9 / 4 is not whole",)
    assert finding.help == "use 3 or 9 devices, or 8 or 12 maps"


@pytest.mark.parametrize(
    ("maps", "devices", "help"),
    [
        (16, 3, "use 2 or 4 devices, or 15 or 18 maps"),  # 3 divides fc1's 24 units, but 4 divides both
        (16, 5, "use `devices: 4` or `devices: 8`"),
        (16, 9, "use `devices: 8`"),  # 16 devices would not divide the 24 units
        (13, 2, "use 12 or 14 maps"),  # no number of devices divides 13 and 24
        (13, 5, "no number of devices splits all layers; use 10 or 15 maps in conv1, 20 or 25 units in fc1"),
        (128, 48, "use `devices: 8`"),
    ],
)
def test_numbers_of_devices_that_split_every_layer_are_proposed(
    check: Check, maps: int, devices: int, help: str
) -> None:
    layers = [f"conv1: {{op: conv2d, filters: {maps}}}", "flat: {op: flatten}", "fc1: {op: dense, units: 24}"]
    findings = check(*layers, parallel=f"{{devices: {devices}, strategy: columns}}").findings
    assert [f.help for f in findings if f.code == "ARC401"] == [help]


def test_without_parallel_there_is_no_placement(check: Check) -> None:
    analysis = check(CONV1)
    assert analysis.facts is not None
    assert analysis.facts.placement is None


def test_what_is_gathered_is_not_gathered_again(check: Check) -> None:
    layers = [CONV1, "a: {op: conv2d, filters: 12}", "b: {op: conv2d, filters: 12, from: conv1}"]
    found = exchanges(check(*layers, outputs="[a, b]", parallel="{devices: 2, strategy: columns}"))
    assert found == [("a", "gather", 12 * 64)]


@pytest.mark.parametrize(("groups", "held", "read"), [(1, 3, 12), (2, 3, 6), (3, 3, 12), (4, 3, 3)])
def test_no_more_is_gathered_than_the_groups_of_a_part_read(check: Check, groups: int, held: int, read: int) -> None:
    """Over 4 devices, 3 maps each. Three groups do not split over them, so that layer is replicated."""
    layers = [CONV1, f"conv2: {{op: conv2d, filters: 12, groups: {groups}}}"]
    analysis = check(*layers, parallel="{devices: 4, strategy: columns}")
    assert analysis.facts is not None
    assert analysis.facts.placement is not None
    received = [exchange.received for exchange in analysis.facts.placement.exchanges]
    assert received == ([(read - held) * 64] if read > held else [])


@pytest.mark.parametrize(("size", "maps"), [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4)])
def test_a_window_of_even_size_has_one_more_neighbour_before(check: Check, size: int, maps: int) -> None:
    found = exchanges(check(CONV1, f"norm1: {{op: lrn, size: {size}}}", parallel="{devices: 2, strategy: columns}"))
    assert found == ([("norm1", "halo", maps * 64)] if maps else [])


def test_layers_that_read_the_input_alone_need_no_even_width(check: Check) -> None:
    """Every device has the picture: what follows it without weights is computed whole."""
    layers = ["norm1: {op: lrn}", "conv1: {op: conv2d, filters: 12}"]
    assert exchanges(check(*layers, image="[3, 8, 8]", parallel="{devices: 2, strategy: columns}")) == []


def test_layers_that_do_not_split_are_one_finding_at_the_number_of_devices(check: Check) -> None:
    """What follows from parts of unequal size, such as exchanges or a halo, is not reported beside it."""
    layers = (CONV1, "norm1: {op: lrn}", "conv2: {op: conv2d, filters: 16}", *DENSE)
    expect = "{exchanges: [fc1]}"
    found = check(*layers, parallel="{devices: 5, strategy: columns}", expect=expect).findings
    (finding,) = (each for each in found if each.severity == "error")
    assert finding.message == "4 layers do not split over 5 devices"
    assert finding.notes == (
        "conv1, fc2: 12 / 5 is not whole",
        "conv2: 16 / 5 is not whole",
        "fc1: 24 / 5 is not whole",
    )
    span = finding.span
    assert span.source.text[span.start : span.end] == "5"
    for devices in (4, 2):
        again = check(*layers, parallel=f"{{devices: {devices}, strategy: columns}}").findings
        assert "ARC401" not in {finding.code for finding in again}
    assert finding.help == "use `devices: 4`"


def test_an_uneven_width_is_reported_at_its_first_layer(check: Check) -> None:
    layers = [
        CONV1,
        "join1: {op: concat, from: [conv1, image]}",
        "relu1: {op: relu}",
        "conv2: {op: conv2d, filters: 9}",
    ]
    findings = check(*layers, image="[3, 8, 8]", parallel="{devices: 2, strategy: columns}").findings
    assert [finding.notes for finding in findings if finding.code == "ARC401"] == [
        ("join1: 15 / 2 is not whole", "conv2: 9 / 2 is not whole")
    ]


def test_proposed_widths_are_multiples_of_the_groups_too(check: Check) -> None:
    layers = [CONV1, "conv2: {op: conv2d, filters: 14, groups: 2}"]
    findings = check(*layers, parallel="{devices: 3, strategy: columns}").findings
    (finding,) = (finding for finding in findings if finding.code == "ARC401")
    assert finding.help == "use 2 devices, or 12 or 18 maps"


def test_data_with_split_dense_layers_is_hybrid(check: Check) -> None:
    def steps(parallel: str) -> tuple[object, ...]:
        analysis = check(CONV1, *DENSE, parallel=parallel)
        assert analysis.facts is not None
        assert analysis.facts.placement is not None
        return analysis.facts.placement.exchanges, analysis.facts.placement.reductions, analysis.facts.placement.shares

    by_hand = "{devices: 2, strategy: data, layers: {fc1: split, fc2: split}}"
    assert steps(by_hand) == steps("{devices: 2, strategy: hybrid}")


def test_the_picture_has_no_gradient_to_return(check: Check) -> None:
    analysis = check("flat: {op: flatten}", "fc1: {op: dense, units: 12}", parallel="{devices: 2, strategy: hybrid}")
    assert analysis.facts is not None
    assert analysis.facts.placement is not None
    (exchange,) = analysis.facts.placement.exchanges
    assert (exchange.received, exchange.returned) == (4 * 64 / 2, 0)
