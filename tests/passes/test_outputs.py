"""Advice on several layers that no layer reads, and their line in the summary."""

from __future__ import annotations

import pytest

from archc.analysis import Analysis, analyse
from archc.report.network import network

HEAD = """schema: archc/v1
name: small
input: {image: [4, 8, 8]}
layers:
"""
A, B, S = "a: {op: relu}", "b: {op: tanh, from: image}", "s: {op: relu, from: image}"


def analysis_of(*layers: str, more: str = "") -> Analysis:
    return analyse((HEAD + "".join(f"  {layer}\n" for layer in layers) + more).encode(), "small.yaml")


@pytest.mark.parametrize(
    ("layers", "more", "message"),
    [
        ([A], "", None),
        ([A, "b: {op: tanh}"], "", None),
        ([A, B], "", "a and b are read by no layer, so the network has 2 outputs"),
        ([A, B, S], "", "a, b and s are read by no layer, so the network has 3 outputs"),
        ([A, B], "outputs: [a, b]\n", None),
        ([A, B, "sum: {op: add, from: [a, b]}"], "", None),
    ],
)
def test_unread_layers_are_named_unless_the_spec_names_its_outputs(
    layers: list[str], more: str, message: str | None
) -> None:
    analysis = analysis_of(*layers, more=more)
    assert [f.message for f in analysis.findings if f.code == "ARC918"] == ([message] if message else [])
    assert analysis.facts is not None
    if len(analysis.facts.graph.outputs) > 1:
        outputs = ", ".join(analysis.facts.graph.outputs)
        assert f"{len(analysis.facts.graph.outputs)} outputs: {outputs}\n" in network(analysis.facts, width=100)


def test_what_is_proposed_settles_it() -> None:
    (finding,) = analysis_of(A, B).findings
    assert finding.help == "join them with `add`, `concat`, `maximum` or `multiply`, or name them in `outputs: [a, b]`"
    assert analysis_of(A, B, more="outputs: [a, b]\n").findings == []
