"""Normalisation: what should come before it, what should not, and where its window ends."""

from __future__ import annotations

from collections.abc import Container

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.weighted import Weighted
from archc.passes.placement import Placement

_PAPER = (
    "the paper's text (section 3.3) normalises after the ReLU; its 2012 configuration does so after conv2, but before "
    "the ReLU after conv1"
)


def no_relu_before(graph: Graph) -> list[Finding]:
    """A normalisation over neighbours whose input can be negative: before the ReLU, or without one."""
    findings: list[Finding] = []
    following = _following_rectifier(graph)
    nonnegative: set[str] = set()
    for node in graph.nodes:
        op = node.op
        kept = op.output_sign == "kept" and all(name in nonnegative for name in node.inputs)
        if op.output_sign == "nonnegative" or kept:
            nonnegative.add(node.name)
        elif op.normalises == "neighbours":
            findings.append(_no_relu(graph, node, following.get(node.name)))
            nonnegative.add(node.name)  # so that a second normalisation after it, with the same cause, is not reported
    return findings


def _following_rectifier(graph: Graph) -> dict[str, Node]:
    """For each layer, the next activation with non-negative outputs, if only layers that keep signs come before it."""
    found: dict[str, Node] = {}
    for node in reversed(graph.nodes):
        for reader in graph.readers[node.name]:
            # Beyond a layer with several inputs, moving the activation would change the other branches too.
            passes_on = reader.op.output_sign == "kept" and len(reader.inputs) == 1
            if reader.op.is_activation and reader.op.output_sign == "nonnegative":
                found[node.name] = reader
            elif passes_on and reader.name in found:
                found[node.name] = found[reader.name]
    return found


def _no_relu(graph: Graph, node: Node, rectifier: Node | None) -> Finding:
    source = node.inputs[0]
    if rectifier:
        message = f"{node.name} normalises before the {rectifier.op.called()} {rectifier.name}"
        effect = f"negative values reduce their neighbours before {rectifier.name} removes them"
        help = f"move {rectifier.name} before {node.name}"
    else:
        message = f"{node.name} normalises without a ReLU before it"
        effect = "negative values reduce their neighbours too"
        help = f"add a layer `{{op: relu}}` before {node.name}"
    notes = [f"{source} can be negative, and {node.name} divides by a sum of squares: {effect}", _PAPER]
    related = [] if source in graph.inputs else [(graph.node(source).at("op"), f"{source} is not a ReLU")]
    return report(node.at("op"), "ARC903", message, notes=notes, help=help, related=related, layer=node.name)


def dropout_before(graph: Graph) -> list[Finding]:
    """A normalisation of values that a dropout has set to zero, directly or through layers that keep zeros.

    One by figures of the same values, such as those of one example, does not change with their scale.
    """
    findings: list[Finding] = []
    dropped: dict[str, Node] = {}
    for node in graph.nodes:
        source = next((dropped[name] for name in node.inputs if name in dropped), None)
        if node.op.drop_rate and not node.op.drops_examples:
            dropped[node.name] = node
        elif source is not None and node.op.normalises in ("neighbours", "batch"):
            findings.append(_dropped(source, node))
        elif source is not None and node.op.keeps_zeros:
            dropped[node.name] = source
    return findings


def _dropped(dropout: Node, norm: Node) -> Finding:
    rate = dropout.op.drop_rate
    scale = 1 / (1 - rate)
    uses = "sums" if norm.op.normalises == "neighbours" else "takes its variance from"
    note = (
        f"while training, kept values are multiplied by 1 / (1 - {rate:g}) = {scale:.3g} and the others are zero: the "
        f"squares that {norm.name} {uses} are on average {scale:.3g} times those in inference"
    )
    related = [(norm.at("op"), f"{norm.name} reads it")]
    message = f"{dropout.name} drops values before the normalisation {norm.name}"
    help = f"move {dropout.name} after {norm.name}"
    return report(dropout.at("op"), "ARC904", message, notes=[note], help=help, related=related, layer=dropout.name)


def bias_before(graph: Graph, blamed: Container[tuple[str, str]]) -> list[Finding]:
    """A bias, none of those `blamed`, that only normalisations of each map read: they subtract it with the mean."""
    findings: list[Finding] = []
    for node in graph.nodes:
        # Any other reader, or the caller of an output, does see the bias.
        readers = graph.readers[node.name]
        is_read_by_norms = readers and all(reader.op.normalises in ("batch", "map") for reader in readers)
        if (node.name, "bias") in blamed:
            continue
        if isinstance(node.op, Weighted) and node.op.bias and is_read_by_norms and node.name not in graph.outputs:
            findings.append(_subtracted(node, readers[0]))
    return findings


def _subtracted(node: Node, norm: Node) -> Finding:
    count = node.output.channels
    notes = [
        f"a bias adds one number to all values of a map or unit, and {norm.name} subtracts their mean",
        f"{count:,} {node.output.unit}: {count:,} parameters without effect",
    ]
    own = " and has a bias of its own" if any(p.name == "bias" for p in norm.op.parameters((node.output,))) else ""
    related = [(norm.at("op"), f"{norm.name} subtracts it{own}")]
    which = "batch normalisation" if norm.op.normalises == "batch" else "normalisation"
    message = f"{node.name}'s bias has no effect before the {which} {norm.name}"
    help = "use `bias: false`" if "bias" in node.fields else f"set `bias: false` on {node.name}"
    return report(node.at("bias"), "ARC910", message, notes=notes, help=help, related=related, layer=node.name)


def window_over_devices(graph: Graph, placement: Placement) -> list[Finding]:
    """A normalisation whose window reaches into the maps of another device."""
    findings: list[Finding] = []
    for exchange in placement.exchanges:
        node = graph.node(exchange.layer)
        reach = node.op.reach()
        if not reach.has_neighbours or not node.op.has_groups():
            continue
        area = f"{node.output.height} × {node.output.width}"
        maps = round(exchange.values) // (node.output.height * node.output.width)
        size = reach.before + 1 + reach.after
        message = f"{node.name}'s window of {size} maps crosses the boundary between devices"
        fetched = f"{maps} maps of {area} = {exchange.values:,.0f} values per example"
        notes = [f"with {placement.devices} devices, {node.name} first exchanges a halo: {fetched}"]
        if exchange.kind != "halo":
            message = f"{node.name}'s {reach.groups} groups do not split over {placement.devices} devices"
            notes = [f"each device computes all of {node.name} and first gathers what it lacks, in all {fetched}"]
        help = f"use `groups: {placement.devices}`: the window then ends at the boundary, as on the paper's two GPUs"
        findings.append(report(node.at("op"), "ARC907", message, notes=notes, help=help, layer=node.name))
    return findings
