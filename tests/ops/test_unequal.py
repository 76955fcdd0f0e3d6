"""The remedy for a sum of maps that differ in number and in size: one layer that settles both."""

from __future__ import annotations

import pytest

from archc.analysis import analyse

SPEC = """schema: archc/v1
name: small
input: {{image: [4, {rows}, {columns}]}}
defaults: {{conv2d: {{weight_init: {{he_normal: {{}}}}}}}}
layers:
  c1: {{op: conv2d, filters: 16, kernel: 3, padding: 1}}
  c2: {{op: conv2d, filters: 32, kernel: 3, padding: 1, stride: {stride}}}
{more}  sum1: {{op: add, from: [{of}]}}
"""


@pytest.mark.parametrize(
    ("rows", "columns", "stride", "of", "written"),
    [
        (32, 32, "2", "c2, c1", "2"),
        (32, 32, "2", "c1, c2", "2"),
        (31, 33, "3", "c2, c1", "3"),
        (32, 32, "[1, 2]", "c2, c1", "[1, 2]"),
    ],
)
def test_one_layer_gives_the_shape_of_the_other_input(
    rows: int, columns: int, stride: str, of: str, written: str
) -> None:
    spec = SPEC.format(rows=rows, columns=columns, stride=stride, more="", of=of)
    (finding,) = analyse(spec.encode(), "small.yaml").findings
    layer = f"{{op: conv2d, filters: 32, kernel: 1, stride: {written}, from: c1}}"
    assert finding.help == f"read `{layer}` instead of c1: it has the shape of c2"
    mended = SPEC.format(rows=rows, columns=columns, stride=stride, more=f"  p: {layer}\n", of=of.replace("c1", "p"))
    assert [f for f in analyse(mended.encode(), "small.yaml").findings if f.severity == "error"] == []
