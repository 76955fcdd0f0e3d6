"""Why the devices exchange otherwise than the spec expects: the first layer that does, and what makes it so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.spec import Document
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.lrn import Lrn
from archc.passes.placement import Placement
from archc.source import Span

# Of more layers than this the first are named.
_MOST_NAMED = 12


@dataclass(frozen=True)
class _Cause:
    """What makes a layer exchange or not: where that stands, a word for there, a sentence, and what changes it."""

    span: Span
    label: str
    note: str
    remedy: str | None = None


def unexpected_exchange(document: Document, graph: Graph, placement: Placement, expected: list[str]) -> Finding:
    """The finding: what is expected and found, and the cause at the first layer where they part."""
    found = [exchange.layer for exchange in placement.exchanges]
    names = {node.name for node in graph.nodes}
    due, needed = set(expected), set(found)
    local = names - needed
    lists = {
        "there is no layer": [name for name in expected if name not in names],
        "expected, but local": [name for name in expected if name in local],
        "not expected": [name for name in found if name not in due],
        "expected more than once": [name for name, times in Counter(expected).items() if times > 1],
    }
    first = next((node for node in graph.nodes if (node.name in due) != (node.name in needed)), None)
    cause = _cause(document, graph, placement, first) if first else None
    help = f"`exchanges: [{', '.join(found)}]` is what the layers give" if len(found) <= _MOST_NAMED else None
    return report(
        document.span("expect", "exchanges"),
        "ARC303",
        f"over {placement.devices} devices, {_listed(found) or 'no layer'} must exchange",
        notes=[*(f"{what}: {_listed(which)}" for what, which in lists.items() if which), cause.note if cause else ""],
        help=cause.remedy if cause and cause.remedy else help,
        related=[(cause.span, cause.label)] if cause else [],
    )


def _listed(names: list[str]) -> str:
    more = [f"{len(names) - _MOST_NAMED:,} more"] if len(names) > _MOST_NAMED else []
    return ", ".join([*names[:_MOST_NAMED], *more])


def _cause(document: Document, graph: Graph, placement: Placement, node: Node) -> _Cause:
    if any(exchange.layer == node.name for exchange in placement.exchanges):
        return _of_exchange(graph, placement, node)
    return _of_none(document, graph, placement, node)


def _of_exchange(graph: Graph, placement: Placement, node: Node) -> _Cause:
    devices, name = placement.devices, node.name
    (x, *_) = graph.tensors(node.inputs)
    evenly = x.channels % devices == 0 and node.output.channels % devices == 0
    match node.op:
        case Conv2d(groups=groups):
            reads = f"{x.channels // groups} of the {x.channels} maps" if groups > 1 else f"all {x.channels} maps"
            note = f"each filter of {name} reads {reads}, and a device holds {x.channels // devices}"
            remedy = f"`groups: {devices}` on {name} keeps each device to its own" if evenly else None
            return _Cause(node.at("groups"), f"groups is {groups}", note, remedy)
        case Lrn(groups=groups, size=size):
            note = f"{name}'s window of {size} maps reaches over the edge of the {x.channels // devices} a device holds"
            remedy = f"`groups: {devices}` on {name} ends it there" if evenly else None
            return _Cause(node.at("groups"), f"groups is {groups}", note, remedy)
        case Dense():
            note = f"each unit of {name} reads all {x.channels} values, and a device holds {x.channels // devices}"
            return _Cause(node.at("op"), "a dense layer reads all", note)
        case _:
            note = f"{name} needs values of {', '.join(dict.fromkeys(node.inputs))} that other devices hold"
            return _Cause(node.at("op"), "reads what others hold", note)


def _of_none(document: Document, graph: Graph, placement: Placement, node: Node) -> _Cause:
    devices, name, (source, *_) = placement.devices, node.name, node.inputs
    origin = document.key("input", source) if source in graph.inputs else graph.node(source).span
    layouts = {placement.layouts[read] for read in node.inputs}
    if layouts == {"batch"} and placement.layouts[name] == "batch":
        note = f"by `{placement.strategy}` each device computes {name} for its own examples"
        return _Cause(document.span("parallel", "strategy"), f"by {placement.strategy}", note)
    if layouts == {"whole"}:
        return _Cause(origin, "held whole by every device", f"{name} reads {source}, which every device holds whole")
    if isinstance(node.op, Conv2d | Lrn) and node.op.groups % devices == 0:
        groups = node.op.groups
        note = f"{name}'s {groups} groups are a multiple of {devices} devices: each reads only maps that it holds"
        return _Cause(
            node.at("groups"), f"groups is {groups}", note, f"without groups {name} reads other devices' maps"
        )
    earlier = next((e for e in placement.exchanges if source in e.sources), None)
    if earlier:
        note = f"{source} is gathered before {earlier.layer} computes, and every device still has it"
        return _Cause(graph.node(earlier.layer).span, "gathers it first", note)
    return _Cause(node.at("op"), f"{node.op.op} stays local", f"`{node.op.op}` reads each map at its own place only")
