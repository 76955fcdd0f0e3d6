"""Why the exchanges are not those that the spec expects: the first layer that differs, and its cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.document import Spans
from archc.passes.holding import Holding, part
from archc.passes.placement import Exchange, Placement
from archc.source import Span
from archc.wording import MOST_NAMED, listed


@dataclass(frozen=True)
class _Cause:
    """Why a layer exchanges values, or does not: a place with its label, a sentence, and a remedy."""

    span: Span
    label: str
    note: str
    remedy: str | None = None


def unexpected_exchange(spans: Spans, graph: Graph, placement: Placement, expected: list[str]) -> Finding:
    """The finding, with the cause at the first layer that is expected to exchange and does not, or the reverse."""
    found = [exchange.layer for exchange in placement.exchanges]
    names = {node.name for node in graph.nodes}
    due, needed = set(expected), set(found)
    local = names - needed
    parts = [name for name in expected if name in graph.scopes]
    inside = [f"{part}." for part in parts]
    lists = {
        "unknown layer": [name for name in expected if name not in names and name not in graph.scopes],
        "expected, but local": [name for name in expected if name in local],
        "not expected": [name for name in found if name not in due and not any(map(name.startswith, inside))],
        "expected more than once": [name for name, times in Counter(expected).items() if times > 1],
    }
    # A layer that exchanges otherwise can change the exchanges of all layers after it.
    first = next((node for node in graph.nodes if (node.name in due) != (node.name in needed)), None)
    # A block in the list is the first mistake to mend: its layers only seem not to be expected.
    cause = _cause(spans, graph, placement, first) if first and not parts else None
    help = f"the layers give `exchanges: [{', '.join(found)}]`" if len(found) <= MOST_NAMED else None
    return report(
        spans.value("expect", "exchanges"),
        "ARC303",
        f"with {placement.devices} devices, the exchanges are at {listed(found)}"
        if found
        else f"with {placement.devices} devices, there are no exchanges",
        notes=[
            *(_layers_of(part, found) for part in parts),
            *(f"{what}: {listed(which)}" for what, which in lists.items() if which),
            cause.note if cause else "",
        ],
        help=cause.remedy if cause and cause.remedy else help,
        related=[(cause.span, cause.label)] if cause else [],
    )


def _layers_of(part: str, found: Sequence[str]) -> str:
    """What a block or a stage, which the spec lists instead of layers, exchanges."""
    within = [name for name in found if name.startswith(f"{part}.")]
    gives = f"its exchanges are at {listed(within)}" if within else "no layer in it exchanges anything"
    return f"{part} is not a layer but several: {gives}"


def _cause(spans: Spans, graph: Graph, placement: Placement, node: Node) -> _Cause:
    exchange = next((exchange for exchange in placement.exchanges if exchange.layer == node.name), None)
    return _of_exchange(graph, placement, node, exchange) if exchange else _of_none(spans, graph, placement, node)


def _of_exchange(graph: Graph, placement: Placement, node: Node, exchange: Exchange) -> _Cause:
    """Why a layer exchanges values although the spec does not expect it."""
    devices, name = placement.devices, node.name
    sources = ", ".join(exchange.sources)
    by_batch = ", ".join(read for read in exchange.sources if placement.layouts[read] == "batch")
    if by_batch:
        note = f"{name} is computed for all examples, and each device has {by_batch} for its own examples only"
        return _Cause(node.at("op"), "reads all examples", note)
    if placement.layouts[name] == "whole":
        note = f"{name} is replicated: each device reads all of {sources}, but has only a part of it"
        return _Cause(node.at("op"), "replicated", note)
    reach, x = node.op.reach(), graph.tensor(exchange.sources[0])
    if reach.groups is None:
        note = f"{name} needs values of {sources} that are on other devices"
        return _Cause(node.at("op"), "reads values on other devices", note)
    note = f"{name}: {node.op.reads_words(x)}, and each device has {x.channels // devices}"
    if not node.op.has_groups():
        return _Cause(node.at("op"), f"{node.op.called()} reads all", note)
    # Each group must have an equal part of the maps and of the filters.
    evenly = x.channels % devices == 0 and node.output.channels % devices == 0
    remedy = f"use `groups: {devices}` on {name} to keep each device to its own maps" if evenly else None
    return _Cause(node.at("groups"), f"groups is {reach.groups}", note, remedy)


def _of_none(spans: Spans, graph: Graph, placement: Placement, node: Node) -> _Cause:
    """Why a layer exchanges nothing although the spec expects it."""
    devices, name, (source, *_) = placement.devices, node.name, node.inputs
    origin = spans.key("input", source) if source in graph.inputs else graph.node(source).span
    layouts = {placement.layouts[read] for read in node.inputs}
    if layouts == {"batch"} and placement.layouts[name] == "batch":
        note = f"with `{placement.strategy}`, each device computes {name} for its own examples"
        return _Cause(spans.value("parallel", "strategy"), "the strategy", note)
    if layouts == {"whole"}:
        return _Cause(origin, "whole on every device", f"{name} reads {source}, which every device has whole")
    if name in graph.final_softmaxes:
        note = f"{name} gives the network's output, which is collected under every strategy and not counted"
        return _Cause(node.at("op"), "gives the output", note)
    groups = node.op.reach().groups
    if node.op.has_groups() and groups is not None and groups % devices == 0:
        note = f"{name}'s {groups} groups are a multiple of {devices} devices: each device has the maps that it reads"
        remedy = f"delete `groups` from {name} if it should read the maps of other devices"
        return _Cause(node.at("groups"), f"groups is {groups}", note, remedy)
    if earlier := _earlier(graph, placement, node):
        layer, source = earlier
        note = f"{source} is gathered before {layer}, and every device still has it"
        return _Cause(graph.node(layer).span, "gathers it first", note)
    return _Cause(node.at("op"), f"{node.op.op} is local", f"`{node.op.op}` reads each map only at its own position")


def _earlier(graph: Graph, placement: Placement, node: Node) -> tuple[str, str] | None:
    """An earlier layer that fetches maps which the layer reads too, and the value that they belong to."""
    inputs, devices = graph.tensors(node.inputs), placement.devices
    is_split = placement.layouts[node.name] == "split"
    parts = [
        part(node.output.channels, device, devices) if is_split else range(node.output.channels)
        for device in range(devices)
    ]
    reads = [node.op.reads(own, inputs, node.output) for own in parts]
    beyond = {
        source
        for source, x, maps in zip(node.inputs, inputs, zip(*reads, strict=True), strict=True)
        if not all(
            Holding(placement.layouts[source], x.channels, devices).has(device, read)
            for device, read in enumerate(maps)
        )
    }
    fetched = ((exchange.layer, source) for exchange in placement.exchanges for source in exchange.sources)
    return next(((layer, source) for layer, source in fetched if source in beyond), None)
