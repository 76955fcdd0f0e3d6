"""Why a layer's output is not the expected shape: the arithmetic, the layer that departs first, and a remedy."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.passes.changed import changed_graph, changed_shapes
from archc.passes.changed_totals import Totals
from archc.passes.confirmed_weights import are_confirmed, kernel_of_parameters
from archc.passes.departure import Departure, Need, departure
from archc.passes.missing_layers import has_totals, meets, missing_pools, readers_before
from archc.passes.pixels_224 import explanation, is_alexnets
from archc.passes.shapes import Shapes
from archc.passes.shared_windows import shared_change
from archc.passes.total_mistakes import MOST_TRIED, places
from archc.source import Span
from archc.tensor import Tensor


@dataclass(frozen=True)
class _Cause:
    """One cause of a wrong shape: notes, related places, and a remedy if one is known."""

    notes: tuple[str, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()
    remedy: str | None = None


def unexpected_shape(
    graph: Graph,
    facts: Shapes,
    node: Node,
    expected: tuple[int, ...],
    trusted: Set[str] | None,
    totals: Totals,
) -> Finding:
    """The finding. `trusted` are layers whose own expectation is met; None if no cause is to be searched for.

    `totals` are the expected ones of the network; none if a layer is missing in it.
    """
    notes = [facts.windows[node.name].arithmetic] if node.name in facts.windows else []
    notes += [
        f"its input `{name}` is {graph.tensor(name)}{_product(graph, node, name)}"
        for name in dict.fromkeys(node.inputs)
    ]
    causes = [] if trusted is None else _causes(graph, node, expected, trusted, totals)
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


def _causes(graph: Graph, node: Node, expected: tuple[int, ...], trusted: Set[str], totals: Totals) -> list[_Cause]:
    parameters = totals.get("parameters")
    if neighbour := _of_reader(graph, node, expected):
        return [neighbour]
    if remedy := kernel_of_parameters(graph, node, parameters):
        return [_Cause(remedy=remedy)]
    turned = _channels_first(expected, node.output.shape)
    meant = turned or expected
    expecting, found = replace(node, expected=meant), departure(graph, node, meant, trusted)
    mended = changed_graph(graph, {found.node.name: found.change}) if found and found.remedy else None
    if turned is None and (wrong := _wrong_itself(graph, expecting, mended, totals)):
        return [wrong]
    if several := _of_several(graph, expecting, mended, totals):
        return [several]
    if lacking := _of_missing(graph, expecting, found, totals):
        return [lacking]
    causes = [*_sizes(graph, node, meant, found), *_channels(graph, node, meant, parameters)]
    if turned is None:
        return causes
    text = f"[{', '.join(map(str, turned))}]"
    return [_Cause((f"the channels come first: {text}",), remedy=f"write `expect: {text}`"), *causes]


def _wrong_itself(graph: Graph, expecting: Node, mended: Graph | None, totals: Totals) -> _Cause | None:
    """The expected shape itself, if all else that is expected is met as the layers are, and not as they are `mended`.

    `expecting` is the layer with the shape that is meant to be expected.
    """
    as_it_is = replace(expecting, expected=expecting.output.shape)
    if mended is None or not has_totals(graph, totals) or not meets(graph, as_it_is):
        return None
    if meets(mended, expecting) and has_totals(mended, totals):
        return None
    return _Cause((f"all other expected shapes and totals are met with {expecting.output}",))


def _of_several(graph: Graph, expecting: Node, mended: Graph | None, totals: Totals) -> _Cause | None:
    """One change in several layers, if that gives every expected shape and a change in one layer does not.

    If both do, the expected totals tell which one is meant.
    """
    # For a layer with a wrong shape before it, no change was found that gives both.
    name = expecting.name
    if next((each.name for each in graph.nodes if each.expected not in (None, each.output.shape)), name) != name:
        return None
    is_mended = mended is not None and meets(mended, expecting)
    if mended is not None and is_mended and has_totals(mended, totals):
        return None
    shared = shared_change(graph, expecting, totals, by_totals=is_mended)
    if shared is None:
        return None
    return _Cause(related=places([*shared.nodes[:1]], shared.field), remedy=shared.remedy)


def _of_missing(graph: Graph, expecting: Node, found: Departure | None, totals: Totals) -> _Cause | None:
    """A pool that is missing before a layer, if no other field of the layer itself gives its expected size.

    The expected totals tell before which of the layers up to there it is missing; else it is the last one.
    """
    if found is not None and found.node.name == expecting.name and found.remedy:
        return None
    chain = readers_before(graph, expecting)
    if len(chain) * len(graph.nodes) > MOST_TRIED:
        return None
    lacking = [*missing_pools(graph, chain, expecting)]
    told = [each for each in lacking if has_totals(each.graph, totals)]
    return next((_Cause((each.note,), remedy=each.remedy) for each in (*told, *lacking)), None)


def _product(graph: Graph, node: Node, name: str) -> str:
    """The arithmetic of maps that a layer flattens."""
    x = graph.tensor(name)
    return f" = {x.size}" if x.is_maps and node.output.shape == (x.size,) else ""


def _of_reader(graph: Graph, node: Node, expected: tuple[int, ...]) -> _Cause | None:
    """The layer that reads flattened maps, if the expected shape is its own: as many units as it has."""
    if not node.output.is_vector or not any(_product(graph, node, name) for name in node.inputs):
        return None
    for reader in graph.readers[node.name]:
        if reader.op.channels_field and reader.output.shape == expected:
            note = f"{reader.name}, which reads it, has {expected[0]} {reader.op.channels_field}: that shape is its own"
            place = (reader.at(reader.op.channels_field), f"gives {expected[0]}")
            own, its = f"`expect: {list(node.output.shape)}`", f"`expect: {list(expected)}`"
            return _Cause((note,), (place,), f"write {own} on {node.name} and {its} on {reader.name}")
    return None


def _channels_first(expected: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The expected shape as [channels, height, width], if its channels are last."""
    if not len(expected) == len(shape) == 3 or expected[0] == shape[0] or expected[2] != shape[0]:
        return None
    height, width, channels = expected
    is_turned = (height, width) == shape[1:] or height == width != channels
    return (channels, height, width) if is_turned else None


def _sizes(graph: Graph, node: Node, expected: tuple[int, ...], found: Departure | None) -> list[_Cause]:
    if found is None or not _leads_to(graph, found.node.name, found.node.output, found.need, node, expected):
        return []
    size, needed = found.need.beside(*found.window.output)
    notes: list[str] = []
    if found.node.name != node.name:
        wanted = f"{node.name}'s {_shape(expected)}"
        notes.append(f"{found.node.name} has another size: {found.window.arithmetic}, but {wanted} needs {needed}")
    if is_alexnets(found.window, range(needed.low, needed.high + 1)):
        notes += explanation(graph, found.node)
    # With a remedy that changes a layer, another input would only be a second way to the same shape.
    elif found.source is not None and found.remedy is None and _has_channels(node, expected):
        name, *others = graph.inputs
        if not others and _leads_to(graph, name, graph.tensor(name), found.source, node, expected):
            notes.append(_input(found))
    related = () if found.node.name == node.name else ((found.node.span, f"gives {size}, needs {needed}"),)
    return [_Cause(tuple(notes), related, found.remedy)]


def _has_channels(node: Node, expected: tuple[int, ...]) -> bool:
    """Whether only the sizes can be wrong; those of a vector are sizes of the maps that are flattened to it."""
    return node.output.is_vector or node.output.channels == expected[0]


def _leads_to(graph: Graph, name: str, x: Tensor, need: Need, node: Node, expected: tuple[int, ...]) -> bool:
    """Whether `node` has the expected sizes, its channels apart, if the value `name` has those needed."""
    for rows, columns in ((need.rows.low, need.columns.low), (need.rows.high, need.columns.high)):
        output = changed_shapes(graph, name, Tensor((x.channels, rows, columns))).get(node.name, node.output)
        if output is None or len(output.shape) != len(expected):
            return False
        if output.shape[1:] != expected[1:] or (len(expected) == 1 and output.shape != expected):
            return False
    return True


def _input(found: Departure) -> str:
    assert found.source is not None
    rows, columns = found.source.rows, found.source.columns
    size = f"{rows} rows and columns" if rows == columns else f"{rows} rows and {columns} columns"
    return f"an input of {size} gives the expected shape"


def _channels(graph: Graph, node: Node, expected: tuple[int, ...], parameters: int | None) -> list[_Cause]:
    """The layer that sets the number of maps or units, if that is wrong; or a missing flatten."""
    shape = node.output.shape
    if len(expected) < len(shape) and expected == (node.output.size,):
        note = f"flattened, it is {node.output} = {node.output.size}"
        if any(reader.output.is_maps for reader in graph.readers[node.name]):
            return [_Cause((note,), remedy=f"write `expect: {list(shape)}`")]
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
    if are_confirmed(graph, parameters):
        note = f"with {shape[0]} {field}, {origin.name} gives the network its expected {parameters:,} parameters"
        return [_Cause((note,))]
    remedy = f"use `{field}: {expected[0]}` on {origin.name}"
    if origin is node:
        return [_Cause(remedy=remedy)]
    notes = (f"its {shape[0]} {node.output.unit} come from {origin.name}",)
    return [_Cause(notes, ((origin.at(field), f"{shape[0]} {node.output.unit}"),), remedy)]


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
