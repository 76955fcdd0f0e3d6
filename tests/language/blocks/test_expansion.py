"""Blocks: what they expand to, and that the flat spec that `archc expand` prints means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.diagnostics.text import render
from archc.expanding import expanded
from archc.graph import Scope
from archc.language.blocks.printing import OneFile, flat_text
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


# Random specs: blocks that use earlier ones, stages, repeats, values, wires, defaults, outputs, places, suppressions.

NUMBERS = st.sampled_from([4, 8, {"times": 1}, {"times": 2}])
VALUES = st.just("$f") | NUMBERS
FIELDS = {
    "batch_norm": st.sampled_from([dict[str, object](), {"momentum": 0.1}]),
    "dropout": st.sampled_from([dict[str, object](rate=0.5), {"rate": 1.5}]),
}
SHAPES = st.sampled_from([[4, 8, 8], [8, 8, 8], [4, 6, 6]])
ALLOWED = st.sampled_from(
    ["", "", "", "  # archc: allow ARC904, ARC915 - known", "  # archc: allow ARC915, ARC916, ARC918"]
)
DEFAULTS = st.fixed_dictionaries(
    {"conv2d": st.sampled_from([{}, {"filters": {"times": 2}}, {"groups": "each", "filters": {"times": 1}}])},
    optional={"dropout": st.just({"rate": 0.5})},
)


@st.composite
def layer(draw: st.DrawFn, blocks: list[str], readable: list[str], *, inside: bool, depth: int = 0) -> object:
    """A layer of a block, if `inside`, or of the network."""
    kinds = ["relu", "batch_norm", "conv2d", "add", "dropout", *(["block"] * 2 if blocks else [])]
    kind: str = draw(st.sampled_from([*kinds, *(["stage"] if depth < 2 else [])]))
    if kind == "stage":
        items = st.lists(layer(blocks, readable, inside=inside, depth=depth + 1), min_size=1, max_size=3)
        return draw(items)
    values = VALUES if inside else NUMBERS
    body: dict[str, object] = {"op": kind}
    if kind == "block":
        body = {"block": draw(st.sampled_from(blocks)), "f": draw(values)}
        body |= draw(st.fixed_dictionaries({}, optional={"repeat": st.integers(1, 3)}))
        body |= {"expect": draw(SHAPES)} if draw(st.integers(0, 5)) == 0 else {}
    elif kind == "conv2d":
        body |= {"kernel": draw(st.sampled_from([1, 3])), "padding": "same"}
        body |= draw(st.sampled_from([{"filters": draw(values)}, {"filters": {"times": 1}, "groups": "each"}, {}]))
    elif kind in FIELDS:
        body |= draw(FIELDS[kind])
    if kind == "add" or (kind == "block" and draw(st.integers(0, 3)) == 0):
        body["from"] = draw(st.lists(st.sampled_from(readable), min_size=1 + (kind == "add"), max_size=3))
    elif draw(st.integers(0, 3)) == 0:
        body["from"] = draw(st.sampled_from(readable))
    return body


@st.composite
def scope(draw: st.DrawFn, blocks: list[str], readable: list[str], *, inside: bool) -> dict[str, object]:
    readable, layers = [*readable], dict[str, object]()
    for number in range(draw(st.integers(1, 4))):
        name = f"l{number}"
        layers[name] = draw(layer(blocks, readable, inside=inside))
        readable.append(name)
    return layers


@st.composite
def specs(draw: st.DrawFn) -> str:
    """The text of a spec with a layer on each line, some of which suppress advice."""
    blocks: dict[str, dict[str, object]] = {}
    for number in range(draw(st.integers(1, 3))):
        reads = draw(st.sampled_from([["input"], ["input"], ["input", "input.0"], ["input", "input.1"]]))
        layers = draw(scope([*blocks], reads, inside=True))
        blocks[f"b{number}"] = layers | {"used": {"op": "conv2d", "filters": "$f", "kernel": 1}}
    layers = draw(scope([*blocks], ["image"], inside=False))
    defaults = draw(DEFAULTS)
    defaults["conv2d"] = defaults["conv2d"] | {"bias": False, "weight_init": {"he_normal": {}}}
    defaults["batch_norm"] = {"epsilon": 1e-5, "momentum": 0.9}
    lines = [
        "schema: archc/v1",
        "name: net",
        "input: {image: [4, 8, 8]}",
        f"defaults: {json.dumps(defaults)}",
        "blocks:",
    ]
    for name, inside in blocks.items():
        lines += [f"  {name}:", "    takes: [f]", "    layers:"]
        lines += [f"      {key}: {json.dumps(body)}{draw(ALLOWED)}" for key, body in inside.items()]
    lines += ["layers:", *(f"  {key}: {json.dumps(body)}{draw(ALLOWED)}" for key, body in layers.items())]
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"outputs: {json.dumps(draw(st.lists(st.sampled_from([*layers]), min_size=1, unique=True)))}")
    if draw(st.integers(0, 2)) == 0:
        places = draw(st.dictionaries(st.sampled_from([*layers]), st.sampled_from(["split", "replicate"]), max_size=2))
        strategy = draw(st.sampled_from(["columns", "data", "hybrid"]))
        lines.append(f"parallel: {{devices: 2, strategy: {strategy}, layers: {json.dumps(places)}}}")
    return "\n".join(lines) + "\n"


# No block is left that could be unused, nor a comment that suppresses nothing; a stage is priced as a whole, and a flat
# spec has no entry for one that changes nothing.
ONLY_IN_BLOCKS = {"ARC919", "ARC990", "ARC911", "ARC912"}


@settings(max_examples=200)
@given(specs())
def test_expanding_and_checking_is_checking(text: str) -> None:
    data = text.encode()
    left = analyse(data, "a.yaml")
    document, _ = read_spec(data, "a.yaml")
    assert document is not None and document.expansion is not None
    if left.facts:
        flat = expanded(data, "a.yaml", left.facts)
    else:
        flat = flat_text(document.expansion, "a.yaml", {}, OneFile())
    right = analyse(flat, "a.yaml")
    event("holds" if left.facts else "has errors")
    has_places = left.known is not None and left.known.spec.parallel is not None
    if left.facts is None and (document.expansion.failed or has_places):
        return  # what a block that cannot be used stands for, or which layers a stage places, is not known
    assert {f.code for f in left.findings} - ONLY_IN_BLOCKS == {f.code for f in right.findings} - ONLY_IN_BLOCKS
    assert (left.known is None) == (right.known is None)
    if left.known is not None and right.known is not None:
        assert_same(left.known, right.known)


def assert_same(left: Facts, right: Facts) -> None:
    """Assert that two networks are the same, but for the names of layers."""
    nodes = left.graph.nodes, right.graph.nodes
    assert [(node.op, node.output) for node in nodes[0]] == [(node.op, node.output) for node in nodes[1]]
    names = {one.name: other.name for one, other in zip(*nodes, strict=True)} | {"image": "image"}
    assert [[names[name] for name in node.inputs] for node in nodes[0]] == [[*node.inputs] for node in nodes[1]]
    assert [names[name] for name in left.graph.outputs] == [*right.graph.outputs]
    assert (left.counts.parameters, left.counts.macs) == (right.counts.parameters, right.counts.macs)
    assert (left.placement is None) == (right.placement is None)
    if left.placement is not None and right.placement is not None:
        layouts = {names[name]: layout for name, layout in left.placement.layouts.items()}
        assert layouts == right.placement.layouts


@pytest.mark.parametrize("name", ["blocks", "stages"])
def test_the_flat_text_has_the_place_of_each_layer(name: str) -> None:
    from pathlib import Path

    spec = Path(__file__).parents[2] / "specs" / "good" / f"{name}.yaml"
    document, _ = read_spec(spec.read_bytes(), spec.name)
    assert document is not None and document.expansion is not None
    text = flat_text(document.expansion, spec.name, {}, OneFile()).decode()
    lines = spec.read_text(encoding="utf-8").split("\n")
    for path, body in document.expansion.bodies.items():
        if "." in path:
            assert f"# {path}" in text
        assert body.span.line <= len(lines)
