"""Whether the layers that a spec places by hand can be placed so, and whether it is worth it."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.reader import MAX_FINDINGS
from archc.language.spec import Choice, Document, Parallel
from archc.language.vocabulary import did_you_mean
from archc.ops.op import FLOAT32
from archc.ops.weighted import Weighted
from archc.passes.counts import Counts
from archc.passes.placement import Placement, is_split, place

# A price is a placement of the whole network, so of thousands only the first are priced.
_PRICED = 20
# So many layers back is looked for what a layer follows.
_MOST_STEPS = 100


def check_overrides(
    document: Document, graph: Graph, counts: Counts, placement: Placement | None, batch: int
) -> list[Finding]:
    """What is impossible in `parallel.layers`, what changes nothing, and what is replicated at a loss."""
    parallel = document.spec.parallel
    if parallel is None or placement is None:
        return []
    findings: list[Finding] = []
    names = dict.fromkeys(node.name for node in graph.nodes)
    replicated: list[str] = []
    for name, choice in parallel.layers.items():
        if len(findings) > MAX_FINDINGS:
            break
        if name not in names:
            findings.append(_unknown(document, name, names))
        elif not isinstance(graph.node(name).op, Weighted):
            findings.append(_follows(document, graph, graph.node(name)))
        elif parallel.devices == 1 or is_split(graph.node(name), parallel.strategy) == (choice == "split"):
            findings.append(_changes_nothing(document, name, choice, parallel))
        elif choice == "replicate":
            replicated.append(name)
    for name in replicated[:_PRICED]:
        others = {other: choice for other, choice in parallel.layers.items() if other != name}
        without, _ = place(graph, counts, parallel.model_copy(update={"layers": others}), batch)
        findings += _costs_more(document, graph.node(name), counts, placement, without, batch)
    return findings


def _unknown(document: Document, name: str, names: Iterable[str]) -> Finding:
    key = document.key("parallel", "layers", name)
    help = did_you_mean(name, names, what="layers")
    return report(key, "ARC107", f"there is no layer `{name[:64]}` to be placed", help=help)


def _follows(document: Document, graph: Graph, node: Node) -> Finding:
    """The layer has nothing of its own to be split: it is where its input is."""
    source = node
    for _ in range(_MOST_STEPS):
        name, *others = source.inputs
        if isinstance(source.op, Weighted) or others or name in graph.inputs:
            break
        source = graph.node(name)
    scales = node.op.parameters(graph.tensors(node.inputs))
    own = "a scale and a shift for each map that it reads" if scales else "no weights"
    message = f"{node.name} is not placed by itself: it is computed where what it reads is held"
    note = f"`{node.op.op}` has {own}; convolutions and dense layers can be placed"
    return report(
        document.key("parallel", "layers", node.name),
        "ARC402",
        message,
        notes=[note],
        help=f"place {source.name}, which it follows" if isinstance(source.op, Weighted) else "delete it",
        related=[(node.at("op"), own)],
    )


def _changes_nothing(document: Document, name: str, choice: Choice, parallel: Parallel) -> Finding:
    if parallel.devices == 1:
        message = f"`{name}: {choice}` changes nothing: there is one device"
    else:
        done = "split" if choice == "split" else "replicated"
        message = f"`{name}: {choice}` changes nothing: by `{parallel.strategy}` {name} is {done} anyway"
    return report(document.span("parallel", "layers", name), "ARC911", message, help="delete it")


def _costs_more(
    document: Document, node: Node, counts: Counts, placement: Placement, without: Placement, batch: int
) -> list[Finding]:
    """The finding, where no less crosses with the replicated layer than without."""
    received, otherwise = (FLOAT32 * (p.forward(batch) + p.backward(batch)) for p in (placement, without))
    held = counts.layers[node.name].parameters - without.shares[node.name].parameters
    if received < otherwise or not held:
        return []
    crosses = (
        f"in a step of {batch} examples a device receives {received:,} bytes with it, {otherwise:,} without: "
        f"{received - otherwise:+,}"
    )
    costs = f"and each device holds {held:,} more parameters and computes what the others compute"
    return [
        report(
            document.span("parallel", "layers", node.name),
            "ARC912",
            f"{node.name} is replicated, which costs more than it saves",
            notes=[crosses, costs],
            help=f"delete it: {node.name} is then split",
            related=[(node.span, f"{counts.layers[node.name].parameters:,} parameters")],
        )
    ]
