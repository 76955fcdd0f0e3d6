"""What held is a fact; what did not is a finding with the difference."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis
from archc.diagnostics.finding import Finding

Check = Callable[..., Analysis]
CONV1 = "conv1: {op: conv2d, filters: 4%s}"
PARAMETERS, MACS = 4 * 4 * 9 + 4, 4 * 64 * 4 * 9


def test_what_held_is_known(check: Check) -> None:
    expect = f"{{parameters: {PARAMETERS}, macs: {MACS}, exchanges: []}}"
    parallel = "{devices: 2, strategy: columns}"
    analysis = check(CONV1 % ", expect: [4, 8, 8]", "relu1: {op: relu}", expect=expect, parallel=parallel)
    assert analysis.facts is not None
    assert analysis.facts.held.layers == ("conv1",)
    assert analysis.facts.held.totals == ("parameters", "macs", "exchanges")
    assert analysis.facts.held.count == 4


@pytest.mark.parametrize(
    ("expect", "message", "note"),
    [
        (f"{{parameters: {PARAMETERS + 1000}}}", "the network has 148 parameters, not 1,148", "148 - 1,148 = -1,000"),
        (f"{{macs: {MACS - 6}}}", "the network has 9,216 MACs, not 9,210", "9,216 - 9,210 = +6"),
        ("{parameters: 0}", "the network has 148 parameters, not 0", "148 - 0 = +148"),
    ],
)
def test_a_wrong_total_shows_the_difference(check: Check, expect: str, message: str, note: str) -> None:
    (finding,) = check(CONV1 % "", "relu1: {op: relu}", expect=expect).findings
    assert (finding.code, finding.message) == ("ARC302", message)
    assert finding.notes == (note, f"the most are in conv1 {MACS if 'macs' in expect else PARAMETERS:,}")


def test_a_network_that_learns_nothing_has_no_largest_layer(check: Check) -> None:
    (finding,) = check("relu1: {op: relu}", expect="{parameters: 5}").findings
    assert finding.notes == ("0 - 5 = -5",)


def test_a_wrong_shape_is_told_once_and_another_branch_again(check: Check) -> None:
    findings = check(
        CONV1 % ", expect: [4, 9, 9]",
        "relu1: {op: relu, expect: [4, 9, 9]}",
        "relu2: {op: relu, from: image, expect: [4, 8, 8]}",
        "sum1: {op: add, from: [relu1, relu2], expect: [4, 9, 9]}",
        "relu3: {op: relu, from: image, expect: [9]}",
    ).findings
    assert [finding.message for finding in findings] == [
        "conv1 gives 4 × 8 × 8, not 4 × 9 × 9",
        "relu3 gives 4 × 8 × 8, not 9",
    ]


def test_rounding_up_is_proposed_only_where_it_gives_what_is_expected(check: Check) -> None:
    pool = "pool1: {op: max_pool2d, kernel: 3, stride: 2, expect: [4, %d, %d]}"
    (right,) = check(pool % (4, 4)).findings
    (wrong,) = check(pool % (4, 5)).findings
    assert right.help == "`rounding: ceil` on pool1 gives it: ⌈(8 - 3) / 2⌉ + 1 = 4"
    assert wrong.help == "expect: [4, 3, 3] is what the fields give"


def test_exchanges_are_a_set_and_each_difference_is_named(check: Check) -> None:
    layers = [CONV1 % "", "conv2: {op: conv2d, filters: 4}", "conv3: {op: conv2d, filters: 4}"]
    parallel = "{devices: 2, strategy: columns}"
    assert check(*layers, expect="{exchanges: [conv3, conv2]}", parallel=parallel).findings == []
    (finding,) = check(*layers, expect="{exchanges: [conv1, conv3]}", parallel=parallel).findings
    assert finding.message == "over 2 devices, conv2, conv3 must exchange"
    assert finding.notes == (
        "expected, but local: conv1",
        "not expected: conv2",
        "conv1 reads image, which every device holds whole",
    )


@pytest.mark.parametrize(
    ("layers", "expected", "place", "label", "help"),
    [
        (["conv2: {op: conv2d, filters: 4, groups: 1}"], [], "1}", "groups is 1", "`groups: 2` on conv2 keeps each"),
        (["conv2: {op: conv2d, filters: 4}"], [], "conv2", "groups is 1", "`groups: 2` on conv2 keeps each"),
        (["conv2: {op: conv2d, filters: 4, groups: 4}"], ["conv2"], "4}", "groups is 4", "without groups conv2"),
        (["relu2: {op: relu}"], ["relu2"], "relu}", "relu stays local", "`exchanges: []` is"),
        (["norm2: {op: lrn, size: 3, groups: 1}"], [], "1}", "groups is 1", "`groups: 2` on norm2 ends it"),
        (
            ["flat: {op: flatten}", "fc1: {op: dense, units: 4}"],
            [],
            "dense",
            "a dense layer reads all",
            "`exchanges: [fc1]` is",
        ),
        (
            ["both: {op: concat, from: [conv1, image]}"],
            [],
            "concat",
            "reads what others hold",
            "`exchanges: [both]` is",
        ),
        (
            ["conv2: {op: conv2d, filters: 4}", "conv3: {op: conv2d, filters: 4, from: conv1}"],
            ["conv2", "conv3"],
            "conv2",
            "gathers it first",
            "`exchanges: [conv2]` is",
        ),
    ],
)
def test_the_first_cause_of_an_exchange_is_shown(
    check: Check, layers: list[str], expected: list[str], place: str, label: str, help: str
) -> None:
    analysis = check(
        CONV1 % "", *layers, expect=f"{{exchanges: {expected}}}", parallel="{devices: 2, strategy: columns}"
    )
    (finding,) = (finding for finding in analysis.findings if finding.code == "ARC303")
    ((span, said),) = finding.related
    assert said == label
    assert span.source.text[span.start :].startswith(place)
    assert str(finding.help).startswith(help)


def test_a_replicated_layer_is_a_cause_too(check: Check) -> None:
    layers = [CONV1 % "", "conv2: {op: conv2d, filters: 4}"]
    parallel = "{devices: 2, strategy: columns, layers: {conv1: replicate}}"
    (finding,) = check(*layers, expect="{exchanges: [conv2]}", parallel=parallel).findings
    assert finding.notes[-1] == "conv2 reads conv1, which every device holds whole"
    assert finding.related[0][0].line == finding.span.line - 2


def test_of_very_many_exchanges_the_first_are_named(check: Check) -> None:
    def unexpected(units: int) -> Finding:
        layers = ["flat: {op: flatten}", *(f"fc{i}: {{op: dense, units: 8}}" for i in range(units))]
        analysis = check(*layers, expect="{exchanges: []}", parallel="{devices: 2, strategy: columns}")
        (finding,) = (finding for finding in analysis.findings if finding.severity == "error")
        return finding

    many, few = unexpected(21), unexpected(3)
    assert many.message.endswith("fc12, 8 more must exchange")
    assert many.notes[0].endswith("fc12, 8 more")
    assert few.help == "`exchanges: [fc1, fc2]` is what the layers give"
