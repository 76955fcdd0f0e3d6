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
from archc.source import Span

# A price needs a placement of the whole network: of thousands of layers, only the first are priced.
_PRICED = 20
# How far back the layer is searched for whose placement decides.
_MOST_STEPS = 100


def check_overrides(
    parallel: Parallel, spans: Spans, graph: Graph, counts: Counts, placement: Placement, batch: int
) -> list[Finding]:
    """Entries of `parallel.layers` that are impossible, that change nothing, or that cost more than they save."""
    findings: list[Finding] = []
    names = dict.fromkeys([*(node.name for node in graph.nodes), *graph.scopes])
    placed = _placed(parallel, graph)
    replicated: list[str] = []
    for name, choice in parallel.layers.items():
        if len(findings) > MAX_FINDINGS:
            break
        nodes = placed[name]
        if name not in names:
            findings.append(_unknown(spans, name, names))
        elif not nodes:
            findings.append(_places_none(spans, graph, name, choice))
        elif choice == "split" and not any(node.op.splits for node in nodes):
            findings.append(_cannot_split(spans, name, nodes[0]))
        elif all(_would_be_split(parallel, name, node) == (choice == "split") for node in nodes):
            findings.append(_changes_nothing(spans, graph, name, parallel))
        elif choice == "replicate":
            replicated.append(name)
    for name in replicated[:_PRICED]:
        without, _ = place(graph, counts, _without(parallel, name), batch)
        findings += _costs_more(spans, name, placed[name], counts, placement, without, batch)
    return findings


def placed_layers(parallel: Parallel, graph: Graph) -> dict[str, Choice]:
    """The entries of `parallel.layers` by layer: of those in a block or a stage, the ones that its entry changes."""
    found: dict[str, Choice] = {}
    for name, nodes in _placed(parallel, graph).items():
        choice = parallel.layers[name]
        for node in nodes:
            if name == node.name or _would_be_split(parallel, name, node) != (choice == "split" and node.op.splits):
                found[node.name] = choice
    return found


def _placed(parallel: Parallel, graph: Graph) -> dict[str, list[Node]]:
    """The layers that each entry places."""
    placed: dict[str, list[Node]] = {name: [] for name in parallel.layers}
    for node in graph.nodes:
        entry = parallel.entry(node.name) if isinstance(node.op, Initialised) else None
        if entry is not None:
            placed[entry].append(node)
    return placed


def _without(parallel: Parallel, name: str) -> Parallel:
    others = {other: choice for other, choice in parallel.layers.items() if other != name}
    return parallel.model_copy(update={"layers": others})


def _would_be_split(parallel: Parallel, name: str, node: Node) -> bool:
    """Whether a layer is split without the entry that places it."""
    outer = parallel.entry(name.rpartition(".")[0])
    if parallel.devices == 1:
        return parallel.layers[name] == "split"
    return parallel.layers[outer] == "split" if outer else is_split(node, parallel.strategy)


def _unknown(spans: Spans, name: str, names: Iterable[str]) -> Finding:
    key = spans.key("parallel", "layers", name)
    help = did_you_mean(name, names, what="layers")
    return report(key, "ARC107", f"unknown layer `{name[:64]}` in `parallel.layers`", help=help)


def _places_none(spans: Spans, graph: Graph, name: str, choice: Choice) -> Finding:
    """An entry that places no layer: a layer without learned weights to split runs wherever its input is."""
    key = spans.key("parallel", "layers", name)
    if name not in graph.scopes:
        return _follows(key, graph, graph.node(name))
    if any(isinstance(node.op, Initialised) for node in graph.nodes if node.name.startswith(f"{name}.")):
        message = f"`{name}: {choice}` has no effect: other entries place all of its layers"
        return report(spans.value("parallel", "layers", name), "ARC911", message, help="delete it")
    message = f"{name} cannot be placed: no layer in it has weights to split"
    return report(key, "ARC402", message, notes=["only ops with a field `weight_init` can be placed"], help="delete it")


def _follows(key: Span, graph: Graph, node: Node) -> Finding:
    source = node
    for _ in range(_MOST_STEPS):
        name, *others = source.inputs
        if isinstance(source.op, Initialised) or others or name in graph.inputs:
            break
        source = graph.node(name)
    return report(
        key,
        "ARC402",
        f"{node.name} cannot be placed: it runs wherever its input is",
        notes=[f"only ops with a field `weight_init` can be placed, and `{node.op.op}` has none"],
        help=f"place {source.name} instead" if isinstance(source.op, Initialised) else "delete it",
        related=[(node.at("op"), "no `weight_init`")],
    )


def _cannot_split(spans: Spans, name: str, node: Node) -> Finding:
    return report(
        spans.value("parallel", "layers", name),
        "ARC402",
        f"{name} cannot be split: every output depends on all of its weights",
        help="delete it: every device then has all of its weights",
        related=[(node.at("op"), f"an op `{node.op.op}`")],
    )


def _changes_nothing(spans: Spans, graph: Graph, name: str, parallel: Parallel) -> Finding:
    choice, outer = parallel.layers[name], parallel.entry(name.rpartition(".")[0])
    if parallel.devices == 1:
        message = f"`{name}: {choice}` has no effect: there is only one device"
    else:
        does = "splits" if choice == "split" else "replicates"
        cause = f"{outer}: {choice}" if outer else parallel.strategy
        what = f"all layers of {name}" if name in graph.scopes else name
        message = f"`{name}: {choice}` has no effect: `{cause}` {does} {what} anyway"
    return report(spans.value("parallel", "layers", name), "ARC911", message, help="delete it")


def _costs_more(
    spans: Spans, name: str, nodes: list[Node], counts: Counts, placement: Placement, without: Placement, batch: int
) -> list[Finding]:
    """The finding, if replicating the layers of an entry does not reduce the bytes that are exchanged."""
    received, otherwise = (FLOAT32 * (p.forward(batch) + p.backward(batch)) for p in (placement, without))
    whole = sum(counts.layers[node.name].parameters for node in nodes)
    held = whole - sum(without.shares[node.name].parameters for node in nodes)
    if received < otherwise or not held:
        return []
    crosses = (
        f"per step of {batch} examples, a device receives {received:,} bytes with it and {otherwise:,} without: "
        f"{received - otherwise:+,}"
    )
    costs = f"each device also has {held:,} more parameters, and repeats what the others compute"
    return [
        report(
            spans.value("parallel", "layers", name),
            "ARC912",
            f"replicating {name} costs more than it saves",
            notes=[crosses, costs],
            help=f"delete it: {name} is then split",
            related=[(node.span, f"{counts.layers[node.name].parameters:,} parameters") for node in nodes[:1]],
        )
    ]
