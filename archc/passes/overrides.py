"""Whether the layers that a spec places itself can be placed so, and whether that is worth it."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import MAX_FINDINGS, Finding, report
from archc.graph import Graph, Node
from archc.language.document import Spans
from archc.language.mistakes.vocabulary import did_you_mean
from archc.language.spec import Choice, Parallel
from archc.ops.properties import FLOAT32
from archc.ops.weighted import Initialised
from archc.passes.counts import Counts
from archc.passes.placement import Placement, is_split, place

# A price needs a placement of the whole network: of thousands of layers, only the first are priced.
_PRICED = 20
# How far back the layer is searched for whose placement decides.
_MOST_STEPS = 100


def check_overrides(
    parallel: Parallel, spans: Spans, graph: Graph, counts: Counts, placement: Placement, batch: int
) -> list[Finding]:
    """Entries of `parallel.layers` that are impossible, that change nothing, or that cost more than they save."""
    findings: list[Finding] = []
    names = dict.fromkeys(node.name for node in graph.nodes)
    replicated: list[str] = []
    for name, choice in parallel.layers.items():
        if len(findings) > MAX_FINDINGS:
            break
        if name not in names:
            findings.append(_unknown(spans, name, names))
        elif not isinstance(graph.node(name).op, Initialised):
            findings.append(_follows(spans, graph, graph.node(name)))
        elif choice == "split" and not graph.node(name).op.splits:
            findings.append(_cannot_split(spans, graph.node(name)))
        elif parallel.devices == 1 or is_split(graph.node(name), parallel.strategy) == (choice == "split"):
            findings.append(_changes_nothing(spans, name, choice, parallel))
        elif choice == "replicate":
            replicated.append(name)
    for name in replicated[:_PRICED]:
        others = {other: choice for other, choice in parallel.layers.items() if other != name}
        without, _ = place(graph, counts, parallel.model_copy(update={"layers": others}), batch)
        findings += _costs_more(spans, graph.node(name), counts, placement, without, batch)
    return findings


def _unknown(spans: Spans, name: str, names: Iterable[str]) -> Finding:
    key = spans.key("parallel", "layers", name)
    help = did_you_mean(name, names, what="layers")
    return report(key, "ARC107", f"unknown layer `{name[:64]}` in `parallel.layers`", help=help)


def _follows(spans: Spans, graph: Graph, node: Node) -> Finding:
    """A layer without learned weights to split runs wherever its input is."""
    source = node
    for _ in range(_MOST_STEPS):
        name, *others = source.inputs
        if isinstance(source.op, Initialised) or others or name in graph.inputs:
            break
        source = graph.node(name)
    message = f"{node.name} cannot be placed: it runs wherever its input is"
    note = f"only ops with a field `weight_init` can be placed, and `{node.op.op}` has none"
    return report(
        spans.key("parallel", "layers", node.name),
        "ARC402",
        message,
        notes=[note],
        help=f"place {source.name} instead" if isinstance(source.op, Initialised) else "delete it",
        related=[(node.at("op"), "no `weight_init`")],
    )


def _cannot_split(spans: Spans, node: Node) -> Finding:
    return report(
        spans.value("parallel", "layers", node.name),
        "ARC402",
        f"{node.name} cannot be split: every output depends on all of its weights",
        help="delete it: every device then has all of its weights",
        related=[(node.at("op"), f"an op `{node.op.op}`")],
    )


def _changes_nothing(spans: Spans, name: str, choice: Choice, parallel: Parallel) -> Finding:
    if parallel.devices == 1:
        message = f"`{name}: {choice}` has no effect: there is only one device"
    else:
        does = "splits" if choice == "split" else "replicates"
        message = f"`{name}: {choice}` has no effect: `{parallel.strategy}` {does} {name} anyway"
    return report(spans.value("parallel", "layers", name), "ARC911", message, help="delete it")


def _costs_more(
    spans: Spans, node: Node, counts: Counts, placement: Placement, without: Placement, batch: int
) -> list[Finding]:
    """The finding, if replicating the layer does not reduce the bytes that are exchanged."""
    received, otherwise = (FLOAT32 * (p.forward(batch) + p.backward(batch)) for p in (placement, without))
    held = counts.layers[node.name].parameters - without.shares[node.name].parameters
    if received < otherwise or not held:
        return []
    crosses = (
        f"per step of {batch} examples, a device receives {received:,} bytes with it and {otherwise:,} without: "
        f"{received - otherwise:+,}"
    )
    costs = f"each device also has {held:,} more parameters, and repeats what the others compute"
    return [
        report(
            spans.value("parallel", "layers", node.name),
            "ARC912",
            f"replicating {node.name} costs more than it saves",
            notes=[crosses, costs],
            help=f"delete it: {node.name} is then split",
            related=[(node.span, f"{counts.layers[node.name].parameters:,} parameters")],
        )
    ]
