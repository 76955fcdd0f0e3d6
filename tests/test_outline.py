"""The outline of a network: which layers are one part, and what it reads and gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.graph import Graph
from archc.outline import Part, outline, summed_up

SPECS = Path(__file__).parent / "figure" / "specs"
HEAD = """
schema: archc/v1
name: parts
input: {image: [3, 8, 8]}
defaults: {conv2d: {weight_init: {he_normal: {}}}}
blocks:
  one: {takes: [filters: 3], layers: {conv: {op: conv2d, filters: $filters, kernel: 1}, relu: {op: relu}}}
  two: {layers: [{op: conv2d, filters: 3, kernel: 1}, {op: relu}]}
  three: {layers: {a: {block: two, repeat: 2}, b: {op: tanh}}}
layers:
"""


def graph(layers: str) -> Graph:
    found = analyse((HEAD + layers).encode(), "spec.yaml").known
    assert found is not None
    return found.graph


def spec(name: str) -> Graph:
    found = analyse((SPECS / f"{name}.yaml").read_bytes(), name).facts
    assert found is not None
    return found.graph


def shown(parts: tuple[Part, ...]) -> list[str]:
    return [" ".join(filter(None, (part.name, part.kinds))) for part in parts]


USED = "  x: {block: one}\n  y: {block: three}\n"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("  a: {op: relu}\n", ["a"]),
        ("  a: {block: one, repeat: 3}\n", ["a one × 3"]),
        ("  a: {block: one, repeat: 1}\n", ["a one"]),
        ("  a: [{block: one}, {block: two, repeat: 2}, {block: two}]\n", ["a one, two × 3"]),
        ("  a: [{block: one}, {block: two}, {block: three}]\n", ["a.0 one", "a.1 two", "a.2 three"]),
        ("  a: [{block: one, repeat: 2}, {op: relu}, {block: two}]\n", ["a.0–1 one × 2", "a.2", "a.3 two"]),
        # Other arguments are another part, unless all of the stage is one.
        ("  a: [{op: relu}, {block: one}, {block: one, filters: 4}]\n", ["a.0", "a.1 one", "a.2 one"]),
        ("  a: [{block: one}, {block: one, filters: 4}]\n", ["a one × 2"]),
        # Named blocks are not numbered.
        ("  a: {block: one}\n  b: {block: one}\n", ["a one", "b one"]),
        ("  a: [[{block: one}, {block: one}], [{op: relu}]]\n", ["a.0 one × 2", "a.1.0"]),
        # A value within that others read is shown.
        ("  a: [{block: one}, {block: one}]\n  b: {op: add, from: [a, a.0]}\n", ["a.0 one", "a.1 one", "b"]),
        (
            "  a: [{op: relu}, {block: one, repeat: 2}]\n  b: {op: add, from: [a, a.1]}\n",
            ["a.0", "a.1 one", "a.2 one", "b"],
        ),
    ],
)
def test_what_is_one_part(layers: str, expected: list[str]) -> None:
    parts = outline(graph(layers + USED))
    assert shown(parts) == [*expected, "x one", "y three"]
    assert [node.name for part in parts for node in part.nodes] == [node.name for node in graph(layers + USED).nodes]


def test_a_part_between_outputs_is_shown() -> None:
    layers = "  a: [{block: one}, {block: one}]\n" + USED + "outputs: [a.0, y]\n"
    assert shown(outline(graph(layers)))[:2] == ["a.0 one", "a.1 one"]


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ([], ["y three"]),
        (["y"], ["y.a two × 2", "y.b"]),
        (["y.a"], ["y.a.0 two", "y.a.1 two", "y.b"]),
        (["y.a.1"], ["y.a.0 two", "y.a.1.0", "y.a.1.1", "y.b"]),
        (["x"], ["y three"]),
    ],
)
def test_opening_a_part_opens_those_around_it(opened: list[str], expected: list[str]) -> None:
    assert shown(outline(graph(USED), opened))[-len(expected) :] == expected
    assert ("x one" in shown(outline(graph(USED), opened))) != (opened == ["x"])


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet", "inception"])
def test_a_part_reads_and_gives_what_its_layers_do(name: str) -> None:
    network = spec(name)
    given = set(network.inputs)
    for part in outline(network):
        assert set(part.inputs) <= given
        given.add(part.output.name)
    assert given >= set(network.outputs)
    assert shown(outline(network, network.scopes)) == [node.name for node in network.nodes]


def test_layers_in_one_part_are_summed_up() -> None:
    parts = outline(spec("resnet18"))
    names = ["conv1", "layer1.0.conv1", "layer2.0.conv1", "layer1.1.conv1", "fc", "nothing"]
    assert summed_up(parts, names) == ["conv1", "layer1 (2 layers)", "layer2.0.conv1", "fc", "nothing"]
