"""Differences of specs with blocks: each change of the text is one difference, whatever number of layers it changes."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.difference.difference import Difference, difference
from archc.outline import around
from archc.report.diff_uses import effects, entries, renamings

RESNET = (Path(__file__).parents[1] / "figure" / "specs" / "resnet18.yaml").read_text()
DENSENET = (Path(__file__).parents[1] / "figure" / "specs" / "densenet.yaml").read_text()


def facts(text: str) -> Facts:
    analysis = analyse(text.encode(), "spec.yaml")
    assert analysis.facts is not None, [finding.message for finding in analysis.findings]
    return analysis.facts


def found(before: str, after: str) -> Difference:
    assert before != after
    return difference(facts(before), facts(after))


def told(some: Difference) -> list[str]:
    """The differences in one line each."""
    lines = [" ".join((entry.mark, entry.name, *entry.changes, *entry.places)) for entry in entries(some)]
    lines += [f"{one.kind} {one.name} {' '.join(field.path for field in one.fields)}" for one in some.digest.single]
    return [*lines, *(f"= {old} {new}" for old, new in renamings(some.renames))]


def edited(*edits: tuple[str, str]) -> str:
    text = RESNET
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


CONV1 = "conv1: {op: conv2d, filters: $filters, kernel: 3, padding: 1}"
WIDE = ("\nlayers:\n", "\n  wide: {layers: {conv: {op: conv2d, filters: 64, kernel: 5, padding: 2}}}\nlayers:\n")
LISTED = (
    "layer1: {block: basic, repeat: 2, filters: 64}",
    "layer1: [{block: basic, filters: 64}, {block: basic, filters: 64}]",
)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("repeat: 2", "repeat: 3")], ["+ layer1.2 basic 7 layers reads layer1.1"]),
        ([("repeat: 2", "repeat: 1")], ["- layer1.1 basic 7 layers reads layer1.0"]),
        ([("repeat: 2", "repeat: 5")], ["+ layer1.2–4 basic × 3 21 layers reads layer1.1"]),
        # A stage that grows at its front is aligned by content, and its blocks are renumbered.
        (
            [WIDE, LISTED, ("layer1: [", "layer1: [{block: wide}, ")],
            ["+ layer1.0 wide 1 layer reads maxpool", "= layer1.0–1 layer1.1–2"],
        ),
        # Where either of two equal blocks may be the new one, it is the one that leaves most names.
        (
            [("layer3: [", "layer3: [{block: basic, filters: 128}, "), ("repeat: 2", "repeat: 3")],
            [
                "+ layer1.2 basic 7 layers reads layer1.1",
                "+ layer3.0 basic 7 layers reads layer2",
                "= layer3.0–1 layer3.1–2",
            ],
        ),
        # A block at one place is not one at another, even if the definition changes too.
        (
            [
                WIDE,
                LISTED,
                ("layer1: [", "layer1: [{block: wide}, "),
                (CONV1, CONV1.replace("3, padding: 1", "5, padding: 2")),
            ],
            [
                "+ layer1.0 wide 1 layer reads maxpool",
                "~ basic.conv1 in 5 uses kernel 3 → 5 padding 1 → 2 layer1.1–2 layer2.1 layer3.1 layer4.1",
                "= layer1.0–1 layer1.1–2",
            ],
        ),
        ([(CONV1, CONV1[:-1] + ", dilation: 1}")], []),
        (
            [(CONV1, CONV1.replace("kernel: 3, padding: 1", "kernel: 1"))],
            ["~ basic.conv1 in 5 uses kernel 3 → 1 padding 1 → 0 layer1.0–1 layer2.1 layer3.1 layer4.1"],
        ),
        (
            [("\n      relu1: {op: relu}\n      conv2", "\n      conv2")],
            [
                "- basic.relu1 in 5 uses relu reads bn1 layer1.0–1 layer2.1 layer3.1 layer4.1",
                "- down.relu1 in 3 uses relu reads bn1 layer2.0 layer3.0 layer4.0",
            ],
        ),
        ([("filters: 512", "filters: 640")], ["~ layer4 (down, basic) filters 512 → 640"]),
        ([("layer2:", "stage2:")], ["= layer2 stage2"]),
        (
            [("bn2", "norm"), ("layer1", "first")],
            ["= layer1 first", "= basic.bn2 norm in 5 uses", "= down.bn2 norm in 3 uses"],
        ),
        (
            [("downsample", "shortcut")],
            ["= down.downsample shortcut in 3 uses"],
        ),
    ],
)
def test_one_change_is_one_difference(edits: list[tuple[str, str]], expected: list[str]) -> None:
    assert told(found(RESNET, edited(*edits))) == expected


def test_a_default_of_the_spec_is_one_change() -> None:
    (line,) = told(found(RESNET, edited(("momentum: 0.9", "momentum: 0.5"))))
    assert line.startswith("~ 20 layers momentum 0.9 → 0.5 bn1 layer1.0.bn1 ")


def test_a_default_of_a_block_is_one_change_and_one_cause() -> None:
    some = difference(facts(DENSENET), facts(DENSENET.replace("growth: 32", "growth: 24")))
    assert told(some) == [
        "~ 58 blocks (dense_layer × 58) growth 32 → 24 features.4–9 features.11–22 features.24–47 features.49–64"
    ]
    assert [effect.causes for effect in effects(some)] == [("dense_layer",)]
    # A field that follows from what a layer reads is not changed, but affected.
    assert not any("transition" in line or ".conv " in line for line in told(some))
    affected = {new.node.name for effect in some.effects for _, new in effect.layers}
    assert "features.10.conv" in affected


def test_an_argument_that_another_block_passes_on_is_told_once() -> None:
    outer = """
schema: archc/v1
name: outer
input: {image: [3, 8, 8]}
defaults: {conv2d: {weight_init: {he_normal: {}}}}
blocks:
  inner: {takes: [filters], layers: {conv: {op: conv2d, filters: $filters, kernel: 1}, relu: {op: relu}}}
  outer: {takes: [width], layers: {a: {block: inner, filters: $width}, b: {block: inner, filters: 8}}}
layers:
  x: {block: outer, width: 4}
  y: {block: outer, width: 4}
"""
    assert told(found(outer, outer.replace("y: {block: outer, width: 4", "y: {block: outer, width: 6"))) == [
        "~ y (outer) width 4 → 6"
    ]
    assert told(found(outer, outer.replace("filters: 8", "filters: 9"))) == [
        "~ 2 blocks (inner × 2) filters 8 → 9 x.b y.b"
    ]


def test_flat_layers_written_as_blocks_are_renamed() -> None:
    flat = re.sub(
        r"layer(\d)_(\d)_", r"layer\1_\2_", (Path(__file__).parents[1] / "report" / "resnet18.yaml").read_text()
    )
    some = difference(facts(flat), facts(RESNET))
    assert not some.digest.uses
    assert ("layer2_0_conv1", "layer2.0.conv1") in some.renamed


def check_complete(some: Difference) -> None:
    """Every layer that differs is in one of the differences that are told, and none else is."""
    uses = [use for difference in some.digest.uses for use in (difference.before, difference.after) if use]
    paths = {use.path for use in uses}
    listed = {one.name for one in chain(some.digest.single, *(shared.layers for shared in some.digest.shared))}
    for one in some.layers:
        assert one.name in listed or any(path in paths for path in around(one.name)), one.name
    assert listed <= {one.name for one in some.layers}


@st.composite
def specs(draw: st.DrawFn) -> str:
    """Stages of a few blocks, which others change."""
    head = (
        "schema: archc/v1\nname: drawn\ninput: {image: [4, 8, 8]}\ndefaults: {conv2d: {weight_init: {he_normal: {}}}}\n"
    )
    blocks = "blocks:\n"
    for name in ("a", "b"):
        conv = f"{{op: conv2d, filters: $n, kernel: {draw(st.sampled_from([1, 3]))}, padding: same}}"
        more = draw(st.sampled_from(["", ", act: {op: relu}", ", act: {op: tanh}"]))
        blocks += f"  {name}: {{takes: [n: 4], layers: {{conv: {conv}{more}}}}}\n"
    item = st.builds(
        lambda name, n, times: f"{{block: {name}, n: {n}, repeat: {times}}}",
        st.sampled_from("ab"),
        st.sampled_from([4, 6]),
        st.integers(1, 3),
    )
    stages = draw(
        st.lists(st.lists(st.one_of(item, st.just("{op: relu}")), min_size=1, max_size=4), min_size=1, max_size=3)
    )
    layers = "".join(f"  s{number}: [{', '.join(stage)}]\n" for number, stage in enumerate(stages))
    return f"{head}{blocks}layers:\n{layers}  x: {{block: a}}\n  y: {{block: b}}\n"


@settings(deadline=None, max_examples=150)
@given(specs(), specs())
def test_all_that_differs_is_told(before: str, after: str) -> None:
    some = difference(facts(before), facts(after))
    check_complete(some)
    check_complete(difference(facts(after), facts(before)))
    assert bool(told(some)) == bool(some.layers or some.renamed)
    assert difference(facts(before), facts(before)).is_none


@pytest.mark.parametrize("times", [700])
def test_ten_thousand_layers_are_compared(times: int) -> None:
    large = RESNET.replace("repeat: 2", f"repeat: {times}")
    assert told(found(large, large.replace(f"repeat: {times}", f"repeat: {times + 1}"))) == [
        f"+ layer1.{times} basic 7 layers reads layer1.{times - 1}"
    ]
