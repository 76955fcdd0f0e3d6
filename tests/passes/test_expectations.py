"""An expectation that holds is a fact; one that does not is a finding with the difference."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis
from archc.diagnostics.finding import Finding

Check = Callable[..., Analysis]
CONV1 = "conv1: {op: conv2d, filters: 4%s}"
PARAMETERS, MACS = 4 * 4 * 9 + 4, 4 * 64 * 4 * 9


def test_expectations_that_hold_are_facts(check: Check) -> None:
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
        (f"{{parameters: {PARAMETERS + 1000}}}", "expected 1,148 parameters, got 148", "148 - 1,148 = -1,000"),
        (f"{{macs: {MACS - 6}}}", "expected 9,210 MACs, got 9,216", "9,216 - 9,210 = +6"),
        ("{parameters: 0}", "expected 0 parameters, got 148", "148 - 0 = +148"),
    ],
)
def test_a_wrong_total_shows_the_difference(check: Check, expect: str, message: str, note: str) -> None:
    (finding,) = check(CONV1 % "", "relu1: {op: relu}", expect=expect).findings
    assert (finding.code, finding.message) == ("ARC302", message)
    assert finding.notes == (note, f"the largest shares: conv1 {MACS if 'macs' in expect else PARAMETERS:,}")


def test_a_network_that_learns_nothing_has_no_largest_layer(check: Check) -> None:
    (finding,) = check("relu1: {op: relu}", expect="{parameters: 5}").findings
    assert finding.notes == ("0 - 5 = -5",)


def test_a_wrong_shape_is_reported_once_per_branch(check: Check) -> None:
    findings = check(
        CONV1 % ", expect: [4, 9, 9]",
        "relu1: {op: relu, expect: [4, 9, 9]}",
        "relu2: {op: relu, from: image, expect: [4, 8, 8]}",
        "sum1: {op: add, from: [relu1, relu2], expect: [4, 9, 9]}",
        "relu3: {op: relu, from: image, expect: [9]}",
    ).findings
    assert [finding.message for finding in findings] == [
        "conv1 has the shape 4 × 8 × 8, expected 4 × 9 × 9",
        "relu3 has the shape 4 × 8 × 8, expected 9",
    ]


def test_rounding_up_is_proposed_only_if_it_gives_the_expected_shape(check: Check) -> None:
    pool = "pool1: {op: max_pool2d, kernel: 3, stride: 2, expect: [4, %d, %d]}"
    (right,) = check(pool % (4, 4)).findings
    (wrong,) = check(pool % (4, 5)).findings
    assert right.help == "use `rounding: ceil` on pool1: ⌈(8 - 3) / 2⌉ + 1 = 4"
    assert wrong.help == "the layer's fields give `expect: [4, 3, 3]`"


def test_exchanges_are_a_set_and_each_difference_is_named(check: Check) -> None:
    convs = [CONV1 % "", "conv2: {op: conv2d, filters: 4}", "conv3: {op: conv2d, filters: 4}"]
    layers = [convs[0], "relu1: {op: relu}", convs[1], "relu2: {op: relu}", convs[2]]
    parallel = "{devices: 2, strategy: columns}"
    assert check(*layers, expect="{exchanges: [conv3, conv2]}", parallel=parallel).findings == []
    (finding,) = check(*layers, expect="{exchanges: [conv1, conv3]}", parallel=parallel).findings
    assert finding.message == "with 2 devices, the exchanges are at conv2, conv3"
    assert finding.notes == (
        "expected, but local: conv1",
        "not expected: conv2",
        "conv1 reads image, which every device has whole",
    )


@pytest.mark.parametrize(
    ("layers", "expected", "place", "label", "help"),
    [
        (["conv2: {op: conv2d, filters: 4, groups: 1}"], [], "1}", "groups is 1", "use `groups: 2` on conv2 to keep"),
        (["conv2: {op: conv2d, filters: 4}"], [], "conv2", "groups is 1", "use `groups: 2` on conv2 to keep"),
        (
            ["conv2: {op: conv2d, filters: 4, groups: 4}"],
            ["conv2"],
            "4}",
            "groups is 4",
            "delete `groups` from conv2 if",
        ),
        (["relu2: {op: relu}"], ["relu2"], "relu}", "relu is local", "the layers give `exchanges: []`"),
        (["norm2: {op: lrn, size: 3, groups: 1}"], [], "1}", "groups is 1", "use `groups: 2` on norm2 to keep"),
        (
            ["flat: {op: flatten}", "fc1: {op: dense, units: 4}"],
            [],
            "dense",
            "dense reads all",
            "the layers give `exchanges: [fc1]`",
        ),
        (
            ["both: {op: concat, from: [conv1, image]}"],
            [],
            "concat",
            "reads values on other devices",
            "the layers give `exchanges: [both]`",
        ),
        (
            ["conv2: {op: conv2d, filters: 4}", "conv3: {op: conv2d, filters: 4, from: conv1}"],
            ["conv2", "conv3"],
            "conv2",
            "gathers it first",
            "the layers give `exchanges: [conv2]`",
        ),
        # A layer that needs no other map is local whether or not a later layer gathers its input.
        (
            ["relu2: {op: relu}", "conv2: {op: conv2d, filters: 4, from: conv1}"],
            ["relu2", "conv2"],
            "relu}",
            "relu is local",
            "the layers give `exchanges: [conv2]`",
        ),
        # conv3 has gathered the second input of the concatenation, which needs all of it on one device.
        (
            [
                "conv2: {op: conv2d, filters: 4, from: image}",
                "conv3: {op: conv2d, filters: 4}",
                "both: {op: concat, from: [image, conv2]}",
            ],
            ["conv3", "both"],
            "conv3",
            "gathers it first",
            "the layers give `exchanges: [conv3]`",
        ),
        (
            ["flat: {op: flatten}", "fc1: {op: dense, units: 4}", "prob: {op: softmax}"],
            ["fc1", "prob"],
            "softmax",
            "gives the output",
            "the layers give `exchanges: [fc1]`",
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


def test_without_exchanges_the_message_reads_as_a_sentence(check: Check) -> None:
    parallel = "{devices: 2, strategy: columns}"
    (finding,) = check(CONV1 % "", expect="{exchanges: [conv1]}", parallel=parallel).findings
    assert finding.message == "with 2 devices, there are no exchanges"


def test_under_hybrid_each_device_has_all_values_of_its_own_examples(check: Check) -> None:
    layers = ["flat: {op: flatten}", "fc1: {op: dense, units: 4}"]
    (finding,) = check(*layers, expect="{exchanges: []}", parallel="{devices: 2, strategy: hybrid}").findings
    assert finding.notes[-1] == "fc1 is computed for all examples, and each device has flat for its own examples only"
    assert [label for _, label in finding.related] == ["reads all examples"]


def test_groups_do_not_spare_a_replicated_layer_its_exchange(check: Check) -> None:
    layers = [CONV1 % "", "conv2: {op: conv2d, filters: 4, groups: %d}"]
    parallel = "{devices: 2, strategy: columns, layers: {conv2: replicate}}"
    for groups in (1, 2):
        findings = check(layers[0], layers[1] % groups, expect="{exchanges: []}", parallel=parallel).findings
        (finding,) = (finding for finding in findings if finding.code == "ARC303")
        assert finding.notes[-1] == "conv2 is replicated: each device reads all of conv1, but has only a part of it"
        assert finding.help == "the layers give `exchanges: [conv2]`"


def test_a_replicated_layer_is_a_cause_too(check: Check) -> None:
    layers = [CONV1 % "", "conv2: {op: conv2d, filters: 4}"]
    parallel = "{devices: 2, strategy: columns, layers: {conv1: replicate}}"
    findings = check(*layers, expect="{exchanges: [conv2]}", parallel=parallel).findings
    (finding,) = (finding for finding in findings if finding.code == "ARC303")
    assert finding.notes[-1] == "conv2 reads conv1, which every device has whole"
    assert finding.related[0][0].line == finding.span.line - 2


def test_only_the_first_of_very_many_exchanges_are_named(check: Check) -> None:
    def unexpected(units: int) -> Finding:
        layers = ["flat: {op: flatten}", *(f"fc{i}: {{op: dense, units: 8}}" for i in range(units))]
        analysis = check(*layers, expect="{exchanges: []}", parallel="{devices: 2, strategy: columns}")
        (finding,) = (finding for finding in analysis.findings if finding.severity == "error")
        return finding

    many, few = unexpected(21), unexpected(3)
    assert many.message.endswith("fc12 and 8 more")
    assert many.notes[0].endswith("fc12 and 8 more")
    assert few.help == "the layers give `exchanges: [fc1, fc2]`"
