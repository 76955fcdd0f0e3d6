"""An expectation that holds is a fact; one that does not is a finding with the difference."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from archc.analysis import Analysis, analyse
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


ALEXNET = """schema: archc/v1
name: alexnet
input: {image: [3, 227, 227]}
defaults:
  conv2d: {weight_init: {normal: {std: 0.01}}}
  dense: {weight_init: {normal: {std: 0.01}}}
  max_pool2d: {kernel: 3, stride: 2}
layers:
  conv1: {op: conv2d, filters: 96, kernel: 11, stride: 4}
  relu1: {op: relu}
  pool1: {op: max_pool2d}
  conv2: {op: conv2d, filters: 256, kernel: 5, padding: 2%s}
  relu2: {op: relu}
  pool2: {op: max_pool2d}
  conv3: {op: conv2d, filters: 384, kernel: 3, padding: 1%s}
  relu3: {op: relu}
  conv4: {op: conv2d, filters: 384, kernel: 3, padding: 1%s}
  relu4: {op: relu}
  conv5: {op: conv2d, filters: 256, kernel: 3, padding: 1%s}
  relu5: {op: relu}
  pool5: {op: max_pool2d}
  flat: {op: flatten}
  fc6: {op: dense, units: %s}
  relu6: {op: relu}
  fc7: {op: dense, units: 4096}
  relu7: {op: relu}
  fc8: {op: dense, units: 1000}
  prob: {op: softmax}
expect: %s
"""
TWO = ", groups: 2"
BOTH = "{parameters: 60965224, macs: 724406816}"


@pytest.mark.parametrize(
    ("fields", "expect", "help"),
    [
        (("", "", TWO, TWO, 4096), BOTH, "use `groups: 2` on conv2: that gives 60,965,224 parameters"),
        (("", "", TWO, TWO, 4096), "{macs: 724406816}", "use `groups: 2` on conv2: that gives 724,406,816 MACs"),
        (
            ("", "", "", TWO, 4096),
            BOTH,
            "use `groups: 2` on conv2 and conv4: that gives 60,965,224 parameters",
        ),
        # conv3 and conv5 have as many weights, and as many positions; the paper's conv3 reads the maps of both GPUs.
        (
            ("", "", "", "", 4096),
            BOTH,
            "use `groups: 2` on conv2, conv4 and conv5: that gives 60,965,224 parameters",
        ),
        ((TWO, "", TWO, TWO, 4069), BOTH, "use `units: 4096` on fc6: that gives 60,965,224 parameters"),
        (
            (TWO, TWO, TWO, TWO, 4096),
            BOTH,
            "use `groups: 1` on conv3: that gives 60,965,224 parameters",
        ),
        ((", groups: 4", "", TWO, TWO, 4096), BOTH, "use `groups: 2` on conv2: that gives 60,965,224 parameters"),
        ((TWO, "", TWO, TWO, 4096), "{macs: 1448813632}", "use `macs: 724406816`, since a MAC is one operation"),
        # 256 biases of conv2 or of conv5; no MAC is one of a bias.
        (
            (TWO, "", TWO, TWO, 4096),
            "{parameters: 60964968}",
            "use `bias: false` on conv2, or use `bias: false` on conv5: each gives 60,964,968 parameters",
        ),
        (
            (TWO, "", TWO, TWO, 4096),
            "{parameters: 60964968, macs: 724406815}",
            "the layers give `parameters: 60965224`",
        ),
        ((TWO, "", TWO, TWO, 4096), "{parameters: 60965225}", "the layers give `parameters: 60965224`"),
    ],
)
def test_a_single_mistake_that_explains_all_totals_is_named(fields: tuple[object, ...], expect: str, help: str) -> None:
    findings = [f for f in analyse((ALEXNET % (*fields, expect)).encode(), "a.yaml").findings if f.code == "ARC302"]
    assert findings[0].help == help
    assert len(findings) == (2 if help.startswith("the layers") and "macs" in expect else 1)


def test_what_is_named_gives_the_expected_totals() -> None:
    """Every number of groups on any layers: the spec with a mistake is mended by one of the helps."""
    for wrong in product(("", TWO), repeat=4):
        text = ALEXNET % (*wrong, 4096, BOTH)
        findings = [f for f in analyse(text.encode(), "a.yaml").findings if f.severity == "error"]
        meant = [layer for layer, was, now in zip((2, 3, 4, 5), wrong, (TWO, "", TWO, TWO), strict=True) if was != now]
        if not meant:
            assert findings == []
            continue
        if len({was for was, now in zip(wrong, (TWO, "", TWO, TWO), strict=True) if was != now}) > 1:
            continue  # groups to add and to delete are two mistakes
        value = "1" if wrong[meant[0] - 2] else "2"
        names = [f"conv{layer}" for layer in meant]
        named = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        assert f"use `groups: {value}` on {named}" in str(findings[0].help)


def test_biases_of_all_convolutions_or_of_those_before_a_normalisation(check: Check) -> None:
    norm = "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}"
    layers = [
        "conv1: {op: conv2d, filters: 4, bias: true}",
        f"norm1: {norm}",
        "relu1: {op: relu}",
        "conv2: {op: conv2d, filters: 6}",
        f"norm2: {norm}",
        "relu2: {op: relu}",
        "flat: {op: flatten}",
        "fc3: {op: dense, units: 5}",
    ]
    analysis = check(*layers)
    assert analysis.facts is not None
    found = analysis.facts.counts.parameters
    expected = {
        found - 10: f"use `bias: false` on conv1 and conv2: that gives {found - 10:,} parameters",
        found - 15: f"use `bias: false` on conv1, conv2 and fc3: that gives {found - 15:,} parameters",
        found - 5: f"use `bias: false` on fc3: that gives {found - 5:,} parameters",
        found + 20: f"use `parameters: {found}`, which leaves out running statistics",
    }
    for number, help in expected.items():
        (finding,) = (f for f in check(*layers, expect=f"{{parameters: {number}}}").findings if f.code == "ARC302")
        assert finding.help == help


def test_depthwise_layers_that_lost_their_groups(check: Check) -> None:
    layers = [
        "conv1: {op: conv2d, filters: 8}",
        "relu1: {op: relu}",
        "deep2: {op: conv2d, filters: 8%s}",
        "relu2: {op: relu}",
        "point2: {op: conv2d, filters: 16, kernel: 1, padding: 0}",
        "relu3: {op: relu}",
        "deep3: {op: conv2d, filters: 16%s}",
        "relu4: {op: relu}",
        "point3: {op: conv2d, filters: 8, kernel: 1, padding: 0}",
    ]
    meant = check(
        *(layer % f", groups: {8 if 'deep2' in layer else 16}" if "%s" in layer else layer for layer in layers)
    )
    assert meant.facts is not None
    counts = meant.facts.counts
    expect = f"{{parameters: {counts.parameters}, macs: {counts.macs}}}"
    findings = check(*(layer.replace("%s", "") for layer in layers), expect=expect).findings
    (finding,) = (f for f in findings if f.code == "ARC302")
    assert finding.help == (
        f"use `groups:` with the number of filters on deep2 and deep3: that gives {counts.parameters:,} parameters"
    )


@pytest.mark.parametrize(
    ("expect", "help", "note"),
    [
        ("[30, 30, 8]", "write `expect: [8, 30, 30]`", "the channels come first: [8, 30, 30]"),
        ("[16, 28, 28]", "the layer's fields give `expect: [8, 30, 30]`", None),
        ("[8, 28, 28]", "the layer's fields give `expect: [8, 30, 30]`", "an input of 30 rows and columns gives the"),
        ("[16, 30, 30]", "use `filters: 16` on c", None),
    ],
)
def test_channels_last_and_an_input_that_gives_the_expected_shape(
    check: Check, expect: str, help: str, note: str | None
) -> None:
    layer = f"c: {{op: conv2d, filters: 8, kernel: 3, padding: 0, expect: {expect}}}"
    (finding,) = check(layer, image="[3, 32, 32]").findings
    assert finding.help == help
    assert any(note in line for line in finding.notes) if note else not any("input of" in n for n in finding.notes)


SHIPPED = (Path(__file__).parents[2] / "specs" / "alexnet.yaml").read_text(encoding="utf-8")


def _errors(text: str) -> list[tuple[str, str | None]]:
    return [(f.code, f.help) for f in analyse(text.encode(), "a.yaml").findings if f.severity == "error"]


@pytest.mark.parametrize("layer", ["conv2", "conv4", "conv5"])
def test_lost_groups_are_one_mistake_that_the_exchanges_tell_apart(layer: str) -> None:
    text = re.sub(rf"(  {layer}: .*), groups: 2", r"\1", SHIPPED)
    assert text != SHIPPED
    assert _errors(text) == [("ARC302", f"use `groups: 2` on {layer}: that gives 60,965,224 parameters")]


def test_groups_that_contradict_met_exchanges_are_not_proposed() -> None:
    # As with `groups: 2` on conv3 too, but that layer is expected to exchange.
    text = SHIPPED.replace("parameters: 60965224, macs: 724406816", "parameters: 60522856")
    assert _errors(text) == [("ARC302", "use `groups: 6` on conv4: that gives 60,522,856 parameters")]


def test_exchanges_of_another_cause_are_reported_beside_a_total() -> None:
    text = SHIPPED.replace("60965224, macs: 724406816", "60965480").replace("[conv3, fc6,", "[conv3, conv5, fc6,")
    assert [code for code, _ in _errors(text)] == ["ARC302", "ARC303"]


LENET = [
    "c1: {op: conv2d, filters: 6, kernel: 5, padding: 0}",
    "r1: {op: relu}",
    "p1: {op: max_pool2d, kernel: 2, stride: 2}",
    "c2: {op: conv2d, filters: 16, kernel: 5, padding: 0}",
    "r2: {op: relu}",
    "p2: {op: max_pool2d, kernel: 2, stride: 2}",
    "flat: {op: flatten}",
    "fc1: {op: dense, units: 120}",
    "r3: {op: relu}",
    "fc2: {op: dense, units: 84}",
    "r4: {op: relu}",
    "fc3: {op: dense, units: 10}",
]


def test_a_picture_in_another_number_of_colours_is_a_likelier_mistake_than_groups(check: Check) -> None:
    (finding,) = check(*LENET, image="[3, 32, 32]", expect="{parameters: 61706}").findings
    assert finding.help == "use `input: {image: [1, 32, 32]}`"
    assert finding.notes[1:] == ("image has 3 maps; a grey picture has 1",)
    assert not check(*LENET, image="[1, 32, 32]", expect="{parameters: 61706}").findings
    (finding,) = check(*LENET, image="[1, 32, 32]", expect="{parameters: 62006, macs: 651720}").findings
    assert finding.help == "use `input: {image: [3, 32, 32]}`"
    # A shape that the author expects would no longer be met.
    flat = ["flat: {op: flatten, expect: [3072]}", "fc1: {op: dense, units: 10}"]
    (finding,) = check(*flat, image="[3, 32, 32]", expect="{parameters: 10250}").findings
    assert finding.help == "the layers give `parameters: 30730`"


@pytest.mark.parametrize(
    ("units", "help"),
    [
        (100, "use `units: 100` on fc3"),
        (1000, "use `units: 1000` on fc3"),
        (43, "use `units: 43` on fc3"),
        (2, "use `units: 2` on fc3"),
        (4096, "use `units: 4096` on fc3"),
        (91, None),
        (2_176_952, None),
        (2**21, None),
    ],
)
def test_only_a_plausible_width_is_proposed(check: Check, units: int, help: str | None) -> None:
    total = 61706 + 85 * (units - 10)
    (finding,) = check(*LENET, image="[1, 32, 32]", expect=f"{{parameters: {total}}}").findings
    assert finding.help is not None
    assert (help or "the layers give `parameters: 61706`") in finding.help


def test_an_exchange_at_a_block_names_the_layers_to_list() -> None:
    text = """\
schema: archc/v1
name: net
input: {image: [4, 16, 16]}
defaults: {conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}}
blocks:
  conv: {takes: [filters], layers: {c: {op: conv2d, filters: $filters}, r: {op: relu}}}
layers:
  a: {block: conv, filters: 8}
  s: [{block: conv, filters: 8}, {block: conv, filters: 4}]
  acts: [{op: relu}, {op: tanh}]
parallel: {devices: 2, strategy: columns}
expect: {exchanges: [s, acts]}
"""
    (found,) = analyse(text.encode(), "a.yaml").findings
    assert (found.code, found.span.line) == ("ARC303", 12)
    assert found.notes == (
        "s is not a layer but several: its exchanges are at s.0.c, s.1.c",
        "acts is not a layer but several: no layer in it exchanges anything",
    )
    assert found.help == "the layers give `exchanges: [s.0.c, s.1.c]`"


PLAIN = (Path(__file__).parents[2] / "specs" / "alexnet_one_tower.yaml").read_text(encoding="utf-8")


POOLED = "use `stride: 2` on pool5"


def _unstated(text: str) -> str:
    """The spec without the shapes that it expects, which would tell on a layer before the totals do."""
    return re.sub(r", expect: \[[^\]]*\]", "", text)


@pytest.mark.parametrize(
    ("right", "wrong", "help"),
    [
        ("kernel: 5, padding: 2", "kernel: 7, padding: 3", "use `kernel: 5` and `padding: 2` on conv2"),
        ("kernel: 5, padding: 2", "kernel: 7, padding: same", "use `kernel: 5` on conv2"),
        (
            "kernel: 3, padding: 1",
            "kernel: 7, padding: 3",
            "use `kernel: 3` and `padding: 1` on conv3, conv4 and conv5",
        ),
        ("kernel: 11, stride: 4", "kernel: 7, stride: 4", "use `kernel: 11` on conv1"),
        ("kernel: 5, padding: 2", "kernel: 5", "use `padding: 2` on conv2"),
        ("kernel: 3, padding: 1", "kernel: 3", "use `padding: same` on conv3, conv4 and conv5"),
        ("pool5: {op: max_pool2d, kernel: 3, stride: 2", "pool5: {op: max_pool2d, kernel: 3, stride: 3", POOLED),
        ("kernel: 11, stride: 4", "kernel: 11, stride: 2", "use `stride: 4` on conv1"),
        ("kernel: 11, stride: 4", "kernel: 13, stride: 2", None),
    ],
)
def test_another_window_that_gives_all_totals_is_named(right: str, wrong: str, help: str | None) -> None:
    assert right in PLAIN
    text = _unstated(PLAIN.replace(right, wrong))
    found = _errors(text)
    if help is None:
        assert [code for code, _ in found] == ["ARC302", "ARC302"]
    else:
        assert found == [("ARC302", f"{help}: that gives 62,378,344 parameters")]
        # What the mistake itself leaves unread is no second one.
        advised = {f.layer for f in analyse(text.encode(), "a.yaml").findings if f.severity == "advice"}
        assert not any(f" on {layer}" in help for layer in advised)


def test_padding_that_all_convolutions_lack_is_named() -> None:
    """As Keras's default has it: `valid`."""
    text = _unstated(PLAIN).replace(", padding: 2", "").replace(", padding: 1", "")
    assert _errors(text) == [
        ("ARC302", "use `padding: same` on conv2, conv3, conv4 and conv5: that gives 62,378,344 parameters")
    ]


def test_a_pool_that_rounds_up_is_named_and_its_advice_spared() -> None:
    text = _unstated(PLAIN).replace("227", "223")
    pooled = "pool1: {op: max_pool2d, kernel: 3, stride: 2"
    facts = analyse(
        re.sub("expect: {.*", "", text.replace(pooled, f"{pooled}, rounding: ceil")).encode(), "a.yaml"
    ).facts
    assert facts is not None
    expect = f"expect: {{parameters: {facts.counts.parameters}, macs: {facts.counts.macs}}}"
    findings = analyse(re.sub("expect: {.*", expect, text).encode(), "a.yaml").findings
    assert [(f.code, f.help) for f in findings if f.span.line < 20 or f.severity == "error"] == [
        ("ARC302", f"use `rounding: ceil` on pool1: that gives {facts.counts.parameters:,} parameters")
    ]


def test_windows_that_all_explain_a_total_are_not_named() -> None:
    """Parameters alone: conv1 may be padded, or any of three pools round up, for the 6 × 6 maps that fc6 reads."""
    text = re.sub(r", macs: \d+", "", _unstated(PLAIN)).replace("227", "223")
    assert _errors(text) == [("ARC302", "the layers give `parameters: 50844008`")]


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        (62_300_000, "62,300,000 is 62,378,344 in 3 digits"),
        (62_400_000, "62,400,000 is 62,378,344 in 3 digits"),
        (60_000_000, "60,000,000 is 62,378,344 in 1 digit"),
        (62_200_000, None),
        (62_378_000, "62,378,000 is 62,378,344 in 5 digits"),
        (62_378_300, None),
    ],
)
def test_a_round_number_is_called_one(stated: int, note: str | None) -> None:
    text = PLAIN.replace("parameters: 62378344, macs: 1135256096", f"parameters: {stated}")
    (finding,) = analyse(text.encode(), "a.yaml").findings
    assert finding.help == "the layers give `parameters: 62378344`"
    assert finding.notes[2:] == ((note,) if note else ())


def test_biases_that_are_not_counted_are_named(check: Check) -> None:
    layers = ["flat: {op: flatten}", "fc1: {op: dense, units: 5}", "relu1: {op: relu}", "fc2: {op: dense, units: 3}"]
    counts = check(*layers).facts
    assert counts is not None
    (finding,) = check(*layers, expect=f"{{parameters: {counts.counts.parameters - 8}}}").findings
    assert finding.help == (
        f"use `parameters: {counts.counts.parameters}`, which counts biases, or use `bias: false` on fc1 and fc2"
    )


def test_a_kernel_larger_than_its_input_explains_no_total() -> None:
    text = """schema: archc/v1
name: a
input: {image: [3, 1, 1]}
defaults:
  conv2d: {kernel: 1, weight_init: {he_normal: {}}}
layers:
  conv1: {op: conv2d, filters: 4}
  relu1: {op: relu}
  conv2: {op: conv2d, filters: 4}
expect: {parameters: 1000003}
"""
    (found,) = analyse(text.encode(), "a.yaml").findings
    assert (found.code, found.help) == ("ARC302", "the layers give `parameters: 36`")
