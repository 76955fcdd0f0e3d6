"""The difference between two specs as a reviewer reads it: realistic pairs, as text and as a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.diagnostics.text import ansi
from archc.difference.difference import Difference, difference
from archc.report.diff import diff
from archc.report.diff_markdown import markdown

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ALEXNET = (ROOT / "specs" / "alexnet.yaml").read_text(encoding="utf-8")
LENET = (ROOT / "tests" / "specs" / "good" / "lenet.yaml").read_text(encoding="utf-8")


def without_expectations(spec: str) -> str:
    return re.sub(r", expect: \[[^]]*\]|^expect: .*\n", "", spec, flags=re.MULTILINE)


FREE = without_expectations(ALEXNET)
RESNET = (ROOT / "tests" / "figure" / "specs" / "resnet18.yaml").read_text(encoding="utf-8")
RESIDUAL = """\
  conv4b: {op: conv2d, filters: 384, kernel: 3, padding: 1, groups: 2, bias_init: 1}
  sum4: {op: add, from: [conv4b, relu4]}

  conv5:"""

PAIRS = {
    "ungrouped": (FREE, FREE.replace(", groups: 2", "")),
    "at_224": (
        FREE,
        FREE.replace("227, 227]", "224, 224]")
        .replace("crop: 227", "crop: 224")
        .replace("stride: 4}", "stride: 4, rounding: ceil}"),
    ),
    "stride": (FREE, FREE.replace("stride: 4", "stride: 2").replace("batch: 128", "batch: 64")),
    "residual": (FREE, FREE.replace("  conv5:", RESIDUAL)),
    "widened": (
        LENET,
        without_expectations(LENET)
        .replace("filters: 6,", "filters: 32,")
        .replace("filters: 16,", "filters: 64,")
        .replace("units: 84", "units: 512")
        .replace("tanh", "relu"),
    ),
    "renamed": (FREE, re.sub(r"\b(relu|norm|pool|drop)([0-9]):", r"\1_\2:", FREE)),
    "unexpected": (ALEXNET, FREE),
    "block_inserted": (
        RESNET,
        RESNET.replace("layer1: {block: basic, repeat: 2,", "layer1: {block: basic, repeat: 4,").replace(
            "layer3: [", "layer3: [{block: basic, filters: 128}, "
        ),
    ),
    "block_defined": (
        RESNET,
        RESNET.replace("kernel: 3, padding: 1}\n      bn1", "kernel: 5, padding: 2}\n      bn1")
        .replace("[bn2, input]", "[drop, input]")
        .replace(
            "      sum: {op: add, from: [drop", "      drop: {op: dropout, rate: 0.1}\n      sum: {op: add, from: [drop"
        )
        .replace("downsample", "shortcut")
        .replace("momentum: 0.9", "momentum: 0.99"),
    ),
    "block_called": (RESNET, RESNET.replace("filters: 512", "filters: 640").replace("layer2", "stage2")),
}


def facts(spec: str) -> Facts:
    analysis = analyse(spec.encode(), "spec.yaml")
    assert analysis.facts is not None, [finding.message for finding in analysis.findings]
    return analysis.facts


def found(pair: str) -> Difference:
    before, after = PAIRS[pair]
    return difference(facts(before), facts(after))


@pytest.mark.parametrize("pair", PAIRS)
def test_as_text_in_80_columns(pair: str, golden: Callable[[Path, str], None]) -> None:
    text = diff(found(pair), ("before.yaml", "after.yaml"), width=80)
    assert max(map(len, text.splitlines())) <= 80
    golden(HERE / "golden" / f"diff_{pair}.txt", text + "\n")


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("width", [40, 50, 60])
def test_no_line_is_wider_than_a_narrow_terminal(pair: str, width: int) -> None:
    names = ("a_folder_of_specs/before.yaml", "a_folder_of_specs/after.yaml")
    text = diff(found(pair), names, width=width)
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("pair", PAIRS)
def test_as_a_comment(pair: str, golden: Callable[[Path, str], None]) -> None:
    text = markdown(found(pair), ("before.yaml", "after.yaml"))
    golden(HERE / "golden" / f"diff_{pair}.md", text)
    for rows in tables(text):
        assert len({row.count("|") for row in rows}) == 1


def tables(text: str) -> Iterator[list[str]]:
    for block in text.split("\n\n"):
        if block.startswith("|"):
            yield block.splitlines()


def test_equivalent_specs_are_one_line() -> None:
    same = difference(facts(FREE), facts(FREE.replace("title: AlexNet", "title: Another")))
    assert diff(same, ("a.yaml", "b.yaml"), width=80) == "a.yaml and b.yaml are equivalent"
    assert markdown(same, ("a.yaml", "b.yaml")) == "### `a.yaml` and `b.yaml` are equivalent\n"


def test_colours_change_nothing_but_colour() -> None:
    names = ("before.yaml", "after.yaml")
    painted = diff(found("stride"), names, width=80, style=ansi)
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == diff(found("stride"), names, width=80)


HOSTILE = "<img src=x onerror=y> | `![x](http://y) @all **b** __c__\n# h\u202e.yaml"


def test_the_name_of_a_file_is_a_name_and_nothing_else() -> None:
    comment = markdown(found("residual"), (HOSTILE, HOSTILE))
    heading = comment.split("\n", 1)[0]
    inside = re.findall(r"<code>(.*?)</code>", heading)
    assert len(inside) == 2
    for name in inside:
        assert re.fullmatch(r"(?:[\w /.:,-]|&#[0-9]+;)+", name)
        assert unescape(name) == HOSTILE.replace("\n", "\\u000a").replace("\u202e", "\\u202e")
    tags = _Tags()
    tags.feed(comment)
    assert tags.seen <= {"code", "details", "summary", "br"}
    text = diff(found("residual"), (HOSTILE, HOSTILE), width=80)
    assert "\u202e" not in text
    assert [line.count("\\u202e") for line in text.splitlines()[:2]] == [1, 1]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def test_a_long_list_names_the_first() -> None:
    layers = "".join(f"  t{i}: {{op: tanh}}\n" for i in range(50))
    before = f"schema: archc/v1\nname: deep\ninput: {{image: [4, 8, 8]}}\nlayers:\n{layers}"
    renamed = difference(facts(before), facts(before.replace("  t", "  u")))
    (line, more) = diff(renamed, ("a", "b"), width=80).split("\n\n")[1].splitlines()[:2], "and 38 more"
    assert line[0].startswith("= renamed  t0 → u0, t1 → u1")
    assert more in diff(renamed, ("a", "b"), width=80)
