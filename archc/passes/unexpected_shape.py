"""Why a layer's output is not what it expects: the arithmetic, where the chain departs, and what would give it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.spec import Document
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.passes.departure import Departure, departure
from archc.passes.pixels_224 import EXPLANATION, is_rounded_down
from archc.passes.shapes import Shapes
from archc.source import Span


@dataclass(frozen=True)
class _Cause:
    """What explains a shape: notes, the places that take part, and the remedy where one is known."""

    notes: tuple[str, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()
    remedy: str | None = None


def unexpected_shape(
    document: Document, graph: Graph, facts: Shapes, node: Node, expected: list[int], trusted: Set[str] | None
) -> Finding:
    """The finding. `trusted` are the layers whose own expectation held; None where no cause is looked for."""
    notes = [facts.windows[node.name].arithmetic] if node.name in facts.windows else []
    notes += [f"its input {name} gives {graph.tensor(name)}" for name in dict.fromkeys(node.inputs)]
    causes = [] if trusted is None else [*_sizes(graph, node, expected, trusted), *_channels(graph, node, expected)]
    remedies = [cause.remedy for cause in causes if cause.remedy]
    fields = f"expect: {list(node.output.shape)} is what the fields give"
    return report(
        document.span("layers", node.name, "expect"),
        "ARC301",
        f"{node.name} gives {node.output}, not {_shape(expected)}",
        notes=[*notes, *(note for cause in causes for note in cause.notes)],
        help=", and ".join(remedies) if len(remedies) == len(causes) and causes else fields,
        related=[place for cause in causes for place in cause.related],
    )


def _sizes(graph: Graph, node: Node, expected: list[int], trusted: Set[str]) -> list[_Cause]:
    found = departure(graph, node, expected, trusted)
    if found is None:
        return []
    size, needed = found.need.beside(*found.window.output)
    notes: list[str] = []
    if found.node.name != node.name:
        wanted = f"{node.name}'s {_shape(expected)}"
        notes.append(f"{found.node.name} departs: {found.window.arithmetic}, where {wanted} needs {needed}")
    if is_rounded_down(found.window):
        notes += EXPLANATION
    elif found.source is not None and found.remedy is None:
        notes.append(_input(found))
    related = () if found.node.name == node.name else ((found.node.span, f"gives {size}, needed: {needed}"),)
    return [_Cause(tuple(notes), related, found.remedy)]


def _input(found: Departure) -> str:
    assert found.source is not None
    rows, columns = found.source.rows, found.source.columns
    size = f"{rows} rows and columns" if rows == columns else f"{rows} rows and {columns} columns"
    return f"an input of {size} leads to it"


def _channels(graph: Graph, node: Node, expected: list[int]) -> list[_Cause]:
    """Where it is the number of maps or units, the layer that sets it; or a flatten that is missing."""
    shape = node.output.shape
    if len(expected) < len(shape) and expected == [node.output.size]:
        note = f"flattened it is {node.output} = {node.output.size}"
        return [_Cause((note,), remedy=f"a layer `{{op: flatten}}` after {node.name} gives it")]
    if len(expected) != len(shape) or expected[0] == shape[0]:
        return []
    origin = node
    while len(origin.inputs) == 1 and not isinstance(origin.op, Conv2d | Dense):
        (name,) = origin.inputs
        if name in graph.inputs or graph.tensor(name).channels != shape[0]:
            return []
        origin = graph.node(name)
    field = {"conv2d": "filters", "dense": "units"}.get(origin.op.op)
    if field is None:
        return []
    remedy = f"`{field}: {expected[0]}` on {origin.name} gives it"
    if origin is node:
        return [_Cause(remedy=remedy)]
    what = "maps" if node.output.is_maps else "units"
    notes = (f"its {shape[0]} {what} come from {origin.name}",)
    return [_Cause(notes, ((origin.at(field), f"{shape[0]} {what}"),), remedy)]


def _shape(shape: list[int]) -> str:
    return " × ".join(map(str, shape))
