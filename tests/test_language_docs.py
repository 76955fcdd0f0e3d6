"""docs/language.md: its specs hold, its table lists every top-level key, and its words can be explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.language.spec import Spec

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
SPECS = re.findall(r"```yaml\n(schema: .*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.split("name: ")[1].split("\n")[0])
def test_each_spec_is_valid_without_advice(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "specs")
    analysis = analyse(spec.encode(), "net.yaml", with_variants=True)
    assert analysis.facts is not None
    assert analysis.findings == []


def test_the_figures_are_right() -> None:
    facts = analyse(SPECS[0].encode(), "net.yaml").facts
    assert facts is not None
    assert facts.graph.node("conv1").output.shape == (16, 30, 30)
    assert facts.graph.node("flat").output.shape == (3600,)
    assert "the 3,600 values that `fc` reads" in PAGE


def test_the_table_lists_every_top_level_key() -> None:
    table = PAGE.partition("| key | meaning |")[2].partition("\n\n")[0]
    listed = [
        word for cell in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for word in re.findall(r"`(\w+)`", cell)
    ]
    assert listed == [field.alias or name for name, field in Spec.model_fields.items() if name != "x"]


def test_what_it_says_of_blocks_and_open_sizes_holds() -> None:
    """A layer of a block among the outputs, two values of a block taken apart, and pictures of any size."""
    body = SPECS[2].replace("layers:\n  conv1:", "outputs: [layer1.0.conv2, fc]\nlayers:\n  conv1:")
    assert "name: small_resnet" in body
    facts = analyse(body.encode(), "net.yaml").facts
    assert facts is not None
    assert facts.graph.outputs == ("layer1.0.conv2", "fc")
    spec = """
schema: archc/v1
name: two
input: {image: [3, null, null]}
blocks:
  pair:
    layers:
      one: {op: relu}
      other: {op: tanh, from: input}
      both: {op: concat, from: [one, other]}
layers:
  b: {block: pair}
  left: {op: slice, start: 0, stop: 3}
  right: {op: slice, start: 3, stop: 6, from: b}
  sum: {op: add, from: [left, right]}
"""
    assert analyse(spec.encode(), "net.yaml").findings == []
