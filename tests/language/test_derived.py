"""Values that follow from what a layer reads, in a layer and under `defaults:`."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.fixing import fix

HEAD = """\
schema: archc/v1
name: net
input: {image: [4, 16, 16]}
defaults:
  conv2d: {kernel: 3, weight_init: {he_normal: {}}, %s}
layers:
"""


def test_layers_inherit_values_that_follow_from_what_they_read() -> None:
    layers = """\
  x: {op: conv2d}
  r: {op: relu}
  y: {op: conv2d, filters: 8, groups: 1}
  s: {op: relu}
  z: {op: conv2d, padding: 1}
"""
    known = analyse((HEAD % "groups: each, filters: {times: 2}" + layers).encode(), "a.yaml").facts
    assert known is not None
    x, _, y, _, z = known.graph.nodes
    assert [node.output.shape for node in (x, y, z)] == [(8, 14, 14), (8, 12, 12), (16, 12, 12)]
    assert [node.op.reach().groups for node in (x, y, z)] == [4, 1, 8]


@pytest.mark.parametrize(
    ("default", "found"),
    [
        ("filters: {times: 0}", ("ARC105", "`filters.times` must be greater than 0, got 0")),
        ("filters: {time: 2}", ("ARC104", "`filters` must be an integer or {times: number}")),
        ("filters: {times: 0.3}", ("ARC105", "x reads 4 channels, and 0.3 × 4 = 1.2 is not a whole number")),
        ("filters: 6, groups: each", ("ARC210", "x's 6 filters do not split into 4 groups")),
    ],
)
def test_a_wrong_default_is_reported_once_where_it_is(default: str, found: tuple[str, str]) -> None:
    layers = "  x: {op: conv2d}\n  r: {op: relu}\n  y: {op: conv2d, from: image}\n"
    (finding,) = analyse((HEAD % default + layers).encode(), "a.yaml").findings
    assert (finding.code, finding.message, finding.span.line) == (*found, 5)
    assert finding.notes[-1].endswith("x, y")


def test_another_mistake_in_the_same_defaults_is_fixed() -> None:
    text = HEAD % "filters: {times: 2}, pad: 1" + "  x: {op: conv2d}\n"
    fixed = fix(text.encode(), "a.yaml")
    assert (fixed.data.decode(), fixed.analysis.findings) == (text.replace("pad:", "padding:"), [])


def test_a_wrong_factor_is_one_mistake_whatever_its_layers_read() -> None:
    text = HEAD % "filters: {times: 0.3}" + "  x: {op: conv2d}\n  y: {op: conv2d, filters: 6, from: image}\n"
    text += "  r: {op: relu}\n  z: {op: conv2d}\noutputs: [x, z]\n"
    (finding,) = analyse(text.encode(), "a.yaml").findings
    assert (finding.code, finding.notes[-1]) == ("ARC105", "in 2 layers: x, z")
