"""Blocks: what they expand to, and that the flat spec that `archc expand` prints means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.diagnostics.text import render
from archc.graph import Scope
from archc.language.blocks.printing import flat_text
from archc.language.spec_reading import read_spec

HEAD = """\
schema: archc/v1
name: net
input: {image: [4, 16, 16]}
defaults: {conv2d: {weight_init: {he_normal: {}}, bias: false}, batch_norm: {epsilon: 1e-5, momentum: 0.9}}
"""
BLOCKS = """\
blocks:
  pair: {layers: {a: {op: relu}, b: {op: tanh}}}
  conv: {takes: [filters, kernel: 3], layers: [{op: conv2d, filters: $filters, kernel: $kernel}, {op: relu}]}
  skip: {layers: {a: {op: relu}, sum: {op: add, from: [a, input]}}}
"""


def facts(layers: str, blocks: str = BLOCKS) -> Facts:
    analysis = analyse(f"{HEAD}{blocks}layers:\n{layers}".encode(), "a.yaml")
    errors = [finding for finding in analysis.findings if finding.severity == "error"]
    assert analysis.known is not None and not errors, render(errors)
    return analysis.known


def wires(layers: str, blocks: str = BLOCKS) -> dict[str, tuple[str, ...]]:
    return {node.name: node.inputs for node in facts(layers, blocks).graph.nodes}


def test_a_block_has_its_layers_below_its_name_and_a_repeat_numbers_them() -> None:
    assert wires("  x: {block: pair}\n  y: {block: pair, repeat: 2}\n  z: {block: pair, repeat: 1}\n") == {
        "x.a": ("image",),
        "x.b": ("x.a",),
        "y.0.a": ("x.b",),
        "y.0.b": ("y.0.a",),
        "y.1.a": ("y.0.b",),
        "y.1.b": ("y.1.a",),
        "z.0.a": ("y.1.b",),
        "z.0.b": ("z.0.a",),
    }


def test_a_list_is_a_stage_in_which_a_repeat_counts_on() -> None:
    layers = "  s: [{op: relu}, {block: pair, repeat: 2}, [{op: relu}, {op: tanh}], {op: relu}]\n"
    assert [*wires(layers)] == ["s.0", "s.1.a", "s.1.b", "s.2.a", "s.2.b", "s.3.0", "s.3.1", "s.4"]


def test_the_layers_of_a_block_and_of_the_network_can_be_a_list() -> None:
    assert [*wires("  - {op: relu}\n  - {block: conv, filters: 8}\n")] == ["0", "1.0", "1.1"]


def test_names_in_from_are_those_of_their_own_scope() -> None:
    layers = """\
  a: {op: relu}
  s: [{block: skip}, {block: pair, from: a}, {block: pair, repeat: 2}]
  t: {block: skip, repeat: 2}
  end: {op: concat, from: [a, s, s.0, s.2, t.0, t, image]}
"""
    found = wires(layers)
    assert found["s.0.sum"] == ("s.0.a", "a")
    assert found["s.1.a"] == ("a",)
    assert found["t.1.sum"] == ("t.1.a", "t.0.sum")
    assert found["end"] == ("a", "s.3.b", "s.0.sum", "s.2.b", "t.0.sum", "t.1.sum", "image")


def test_a_block_can_read_several_values() -> None:
    blocks = "blocks:\n  m: {layers: {a: {op: add}, b: {op: concat, from: [input.1, a, input]}, c: {op: relu}}}\n"
    found = wires("  x: {op: relu}\n  y: {op: tanh}\n  m: {block: m, from: [x, y]}\n", blocks)
    assert (found["m.a"], found["m.b"]) == (("x", "y"), ("y", "m.a", "x", "y"))


def test_items_of_a_list_are_read_by_their_numbers() -> None:
    blocks = "blocks:\n  m: {layers: [{op: relu}, {op: tanh}, {op: add, from: [0, 1, input]}]}\n"
    assert wires("  x: {op: relu}\n  m: {block: m}\n", blocks)["m.2"] == ("m.0", "m.1", "x")


def test_scopes_are_the_blocks_and_stages_of_the_graph() -> None:
    layers = "  x: {op: relu}\n  s: [{op: tanh}, {block: conv, filters: 8, repeat: 2}]\n  y: {block: skip, from: [x]}\n"
    assert facts(layers).graph.scopes == {
        "s": Scope("s", None, ("x",), "s.2.1", {}),
        "s.1": Scope("s.1", "conv", ("s.0",), "s.1.1", {"filters": 8, "kernel": 3}, {"kernel": 3}),
        "s.2": Scope("s.2", "conv", ("s.1.1",), "s.2.1", {"filters": 8, "kernel": 3}, {"kernel": 3}),
        "y": Scope("y", "skip", ("x",), "y.sum", {}),
    }


def test_values_follow_from_what_a_layer_reads() -> None:
    blocks = """\
blocks:
  wide:
    takes: [by]
    layers:
      a: {op: conv2d, filters: {times: $by}, kernel: 3, padding: 1}
      b: {op: conv2d, filters: {times: 1}, kernel: 3, padding: 1, groups: each}
      c: {op: conv2d, filters: {times: 0.5}, kernel: 1}
"""
    graph = facts("  x: {block: wide, by: 6}\n", blocks).graph
    assert [node.output.channels for node in graph.nodes] == [24, 24, 12]
    assert [node.op.reach().groups for node in graph.nodes] == [1, 24, 1]


def test_references_take_any_value_and_pass_through_blocks() -> None:
    blocks = """\
blocks:
  inner: {takes: [kernel, act: relu, n: 1], layers: {c: {op: conv2d, filters: 8, kernel: [$kernel, 1]}, a: {op: $act}}}
  outer: {takes: [k, n], layers: {i: {block: inner, kernel: $k, act: tanh, repeat: $n}}}
"""
    graph = facts("  x: {block: outer, k: 3, n: 2}\n", blocks.replace(", n: 1]", "]")).graph
    assert [node.name for node in graph.nodes] == ["x.i.0.c", "x.i.0.a", "x.i.1.c", "x.i.1.a"]
    assert {node.op.op for node in graph.nodes} == {"conv2d", "tanh"}
    assert graph.node("x.i.1.c").output.shape == (8, 12, 16)


def test_what_a_block_is_expected_to_give_is_checked_at_its_last_layer() -> None:
    blocks = "blocks:\n  conv: {takes: [f], layers: [{op: conv2d, filters: $f, kernel: 3}, {op: relu}]}\n"
    spec = HEAD + blocks + "layers:\n  x: {block: conv, f: 8, repeat: 2, expect: [8, 12, %d]}\n"
    held = analyse((spec % 12).encode(), "a.yaml")
    assert held.facts is not None and held.facts.held.layers == ("x.1.1",)
    (wrong,) = analyse((spec % 13).encode(), "a.yaml").findings
    assert (wrong.code, wrong.span.line) == ("ARC301", 8)
    assert wrong.message == "x.1.1 has the shape 8 × 12 × 12, expected 8 × 12 × 13"


def test_every_expectation_of_a_layer_is_checked_and_one_mistake_reported() -> None:
    blocks = "blocks:\n  e: {layers: {a: {op: relu, expect: [4, 16, 16]}}}\n"
    held = facts("  x: {block: e, expect: [4, 16, 16]}\n", blocks).held
    assert held.layers == ("x.a", "x.a")
    spec = f"{HEAD}{blocks}layers:\n  x: {{block: e, expect: [5, 16, 16]}}\n"
    (wrong,) = analyse(spec.encode(), "a.yaml").findings
    assert (wrong.code, wrong.span.line, wrong.span.column) == ("ARC301", 8, 25)


def test_sections_take_paths() -> None:
    layers = """\
  x: {block: conv, filters: 8}
  y: {block: skip}
  flat: {op: flatten}
  fc: [{op: dense, units: 8, weight_init: {he_normal: {}}}]
outputs: [y, fc.0]
expect: {exchanges: [fc.0]}
parallel: {devices: 2, strategy: columns, layers: {x.0: split}}
"""
    found = facts(layers)
    assert found.graph.outputs == ("y.sum", "fc.0")
    assert found.held.totals == ("exchanges",)


# Random specs: blocks that use earlier ones, stages, repeats, values and wires.

VALUES = st.sampled_from(["$f", 4, 8, {"times": 1}, {"times": 2}])


@st.composite
def layer(draw: st.DrawFn, blocks: list[str], readable: list[str], *, inside: bool, depth: int = 0) -> object:
    """A layer of a block, if `inside`, or of the network."""
    kinds = ["relu", "batch_norm", "conv2d", "add", "dropout", *(["block"] * 2 if blocks else [])]
    kind = draw(st.sampled_from([*kinds, *(["stage"] if depth < 2 else [])]))
    if kind == "stage":
        items = st.lists(layer(blocks, readable, inside=inside, depth=depth + 1), min_size=1, max_size=3)
        return draw(items)
    values = VALUES if inside else VALUES.filter(lambda value: value != "$f")
    body: dict[str, object] = {"op": kind}
    if kind == "block":
        body = {"block": draw(st.sampled_from(blocks)), "f": draw(values)}
        if draw(st.booleans()):
            body["repeat"] = draw(st.integers(1, 3))
    elif kind == "conv2d":
        body |= {"filters": draw(values), "kernel": draw(st.sampled_from([1, 3])), "padding": "same"}
        if draw(st.booleans()):
            body |= {"groups": "each", "filters": {"times": 1}}
    elif kind == "dropout":
        body["rate"] = draw(st.sampled_from([0.5, 1.5]))
    elif kind == "add":
        body["from"] = draw(st.lists(st.sampled_from(readable), min_size=2, max_size=3))
        return body
    if draw(st.integers(0, 3)) == 0:
        body["from"] = draw(st.sampled_from(readable))
    return body


@st.composite
def scope(draw: st.DrawFn, blocks: list[str], first: str, *, inside: bool) -> dict[str, object]:
    readable, layers = [first], dict[str, object]()
    for number in range(draw(st.integers(1, 4))):
        name = f"l{number}"
        layers[name] = draw(layer(blocks, readable, inside=inside))
        readable.append(name)
    return layers


@st.composite
def specs(draw: st.DrawFn) -> dict[str, object]:
    blocks: dict[str, object] = {}
    for number in range(draw(st.integers(1, 3))):
        layers = draw(scope([*blocks], "input", inside=True))
        layers["used"] = {"op": "conv2d", "filters": "$f", "kernel": 1}
        blocks[f"b{number}"] = {"takes": ["f"], "layers": layers}
    layers = draw(scope([*blocks], "image", inside=False))
    defaults = {
        "conv2d": {"bias": False, "weight_init": {"he_normal": {}}},
        "batch_norm": {"epsilon": 1e-5, "momentum": 0.9},
    }
    return {
        "schema": "archc/v1",
        "name": "net",
        "input": {"image": [4, 8, 8]},
        "defaults": defaults,
        "blocks": blocks,
        "layers": layers,
    }


@settings(max_examples=200)
@given(specs())
def test_expanding_and_checking_is_checking(spec: dict[str, object]) -> None:
    data = json.dumps(spec).encode()
    document, _ = read_spec(data, "a.yaml")
    assert document is not None and document.expansion is not None
    flat = flat_text(document.expansion, "a.yaml")
    left, right = analyse(data, "a.yaml"), analyse(flat, "a.yaml")
    only_in_blocks = {"ARC919"}  # no block is left that could be unused
    assert {f.code for f in left.findings} - only_in_blocks == {f.code for f in right.findings}
    event("holds" if left.facts else "has errors")
    assert (left.known is None) == (right.known is None)
    if left.known is not None and right.known is not None:
        nodes = left.known.graph.nodes, right.known.graph.nodes
        assert [(node.op, node.output, node.expected) for node in nodes[0]] == [
            (node.op, node.output, node.expected) for node in nodes[1]
        ]
        names = {one.name: other.name for one, other in zip(*nodes, strict=True)} | {"image": "image"}
        assert [[names[name] for name in node.inputs] for node in nodes[0]] == [[*node.inputs] for node in nodes[1]]
        assert [names[name] for name in left.known.graph.outputs] == [*right.known.graph.outputs]
        assert (left.known.counts.parameters, left.known.counts.macs) == (
            right.known.counts.parameters,
            right.known.counts.macs,
        )


@pytest.mark.parametrize("name", ["blocks", "stages"])
def test_the_flat_text_has_the_place_of_each_layer(name: str) -> None:
    from pathlib import Path

    spec = Path(__file__).parents[2] / "specs" / "good" / f"{name}.yaml"
    document, _ = read_spec(spec.read_bytes(), spec.name)
    assert document is not None and document.expansion is not None
    text = flat_text(document.expansion, spec.name).decode()
    lines = spec.read_text(encoding="utf-8").split("\n")
    for path, body in document.expansion.bodies.items():
        if "." in path:
            assert f"# {path}" in text
        assert body.span.line <= len(lines)
