"""Why a layer's output is not the expected shape: the arithmetic, the layer that departs first, and a remedy."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.passes.departure import Departure, departure
from archc.passes.pixels_224 import EXPLANATION, is_rounded_down
from archc.passes.shapes import Shapes
from archc.source import Span


@dataclass(frozen=True)
class _Cause:
    """One cause of a wrong shape: notes, related places, and a remedy if one is known."""

    notes: tuple[str, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()
    remedy: str | None = None


def unexpected_shape(
    graph: Graph, facts: Shapes, node: Node, expected: tuple[int, ...], trusted: Set[str] | None
) -> Finding:
    """The finding. `trusted` are layers whose own expectation is met; None if no cause is to be searched for."""
    notes = [facts.windows[node.name].arithmetic] if node.name in facts.windows else []
    notes += [f"its input `{name}` is {graph.tensor(name)}" for name in dict.fromkeys(node.inputs)]
    causes = [] if trusted is None else [*_sizes(graph, node, expected, trusted), *_channels(graph, node, expected)]
    # Only all remedies together give the expected shape, so with one missing none is proposed.
    remedies = [cause.remedy for cause in causes if cause.remedy]
    # A remedy in other layers mends each branch behind them.
    elsewhere = remedies and all(cause.related for cause in causes)
    fields = f"the layer's fields give `expect: {list(node.output.shape)}`"
    return report(
        node.at("expect"),
        "ARC301",
        f"{node.name} has the shape {node.output}, expected {_shape(expected)}",
        notes=[*notes, *(note for cause in causes for note in cause.notes)],
        help=", and ".join(remedies) if len(remedies) == len(causes) and causes else fields,
        related=[place for cause in causes for place in cause.related],
        layer=node.name,
        cause=", and ".join(remedies) if elsewhere else None,
    )


def _sizes(graph: Graph, node: Node, expected: tuple[int, ...], trusted: Set[str]) -> list[_Cause]:
    found = departure(graph, node, expected, trusted)
    if found is None:
        return []
    size, needed = found.need.beside(*found.window.output)
    notes: list[str] = []
    if found.node.name != node.name:
        wanted = f"{node.name}'s {_shape(expected)}"
        notes.append(f"{found.node.name} has another size: {found.window.arithmetic}, but {wanted} needs {needed}")
    if is_rounded_down(found.window):
        notes += EXPLANATION
    # With a remedy that changes a layer, another input would only be a second way to the same shape.
    elif found.source is not None and found.remedy is None:
        notes.append(_input(found))
    related = () if found.node.name == node.name else ((found.node.span, f"gives {size}, needs {needed}"),)
    return [_Cause(tuple(notes), related, found.remedy)]


def _input(found: Departure) -> str:
    assert found.source is not None
    rows, columns = found.source.rows, found.source.columns
    size = f"{rows} rows and columns" if rows == columns else f"{rows} rows and {columns} columns"
    return f"an input of {size} gives the expected shape"


def _channels(graph: Graph, node: Node, expected: tuple[int, ...]) -> list[_Cause]:
    """The layer that sets the number of maps or units, if that is wrong; or a missing flatten."""
    shape = node.output.shape
    if len(expected) < len(shape) and expected == (node.output.size,):
        note = f"flattened, it is {node.output} = {node.output.size}"
        return [_Cause((note,), remedy=f"add a layer `{{op: flatten}}` after {node.name}")]
    if len(expected) != len(shape) or expected[0] == shape[0]:
        return []
    # Layers without such a field have as many channels as their input.
    origin = node
    while len(origin.inputs) == 1 and origin.op.channels_field is None:
        (name,) = origin.inputs
        if name in graph.inputs or graph.tensor(name).channels != shape[0]:
            return []
        origin = graph.node(name)
    field = origin.op.channels_field
    if field is None:
        return []
    remedy = f"use `{field}: {expected[0]}` on {origin.name}"
    if origin is node:
        return [_Cause(remedy=remedy)]
    notes = (f"its {shape[0]} {node.output.unit} come from {origin.name}",)
    return [_Cause(notes, ((origin.at(field), f"{shape[0]} {node.output.unit}"),), remedy)]


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
