"""Normalisation: what should come before it, and what should not; and where its window ends."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.add import Add
from archc.ops.batch_norm import BatchNorm
from archc.ops.concat import Concat
from archc.ops.dropout import Dropout
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.relu import Relu
from archc.ops.tanh import Tanh
from archc.ops.weighted import Weighted
from archc.passes.placement import Placement

_PAPER = (
    "the paper's text (3.3) normalises after the ReLU; its 2012 configuration does so after conv2, and before the ReLU "
    "after conv1"
)


def no_relu_before(graph: Graph) -> list[Finding]:
    """An lrn that reads values of both signs: before the ReLU, or where there is none."""
    findings: list[Finding] = []
    following = _following_relu(graph)
    rectified: set[str] = set()
    for node in graph.nodes:
        keeps = isinstance(node.op, Lrn | MaxPool2d | Dropout | Add | Concat)
        if isinstance(node.op, Relu) or (keeps and all(name in rectified for name in node.inputs)):
            rectified.add(node.name)
        elif isinstance(node.op, Lrn):
            findings.append(_no_relu(graph, node, following.get(node.name)))
            rectified.add(node.name)  # a second lrn on it has the same cause
    return findings


def _following_relu(graph: Graph) -> dict[str, str]:
    """By layer, the ReLU that its values come to first, through pools and the like."""
    found: dict[str, str] = {}
    for node in reversed(graph.nodes):
        for reader in graph.readers[node.name]:
            if isinstance(reader.op, Relu):
                found[node.name] = reader.name
            elif isinstance(reader.op, Lrn | MaxPool2d | Dropout) and reader.name in found:
                found[node.name] = found[reader.name]
    return found


def _no_relu(graph: Graph, node: Node, relu: str | None) -> Finding:
    (source,) = node.inputs
    message = f"{node.name} normalises before the ReLU {relu}" if relu else f"{node.name} normalises without a ReLU"
    dampens = f"what {relu} will drop dampens what it keeps" if relu else "negative values dampen their neighbours too"
    notes = [
        f"{source} can give negative values, and the window of {node.op.summary()} sums squares: {dampens}",
        _PAPER,
    ]
    help = f"move {relu} before {node.name}" if relu else f"add a layer `{{op: relu}}` before {node.name}"
    related = [] if source in graph.inputs else [(graph.node(source).at("op"), f"{source} is no ReLU")]
    return report(node.at("op"), "ARC903", message, notes=notes, help=help, related=related)


def dropout_before(graph: Graph) -> list[Finding]:
    """A normalisation that reads what a dropout gives, through layers that keep its zeros."""
    findings: list[Finding] = []
    dropped: dict[str, Node] = {}
    for node in graph.nodes:
        source = next((dropped[name] for name in node.inputs if name in dropped), None)
        if isinstance(node.op, Dropout) and node.op.rate:
            dropped[node.name] = node
        elif source is not None and isinstance(node.op, Relu | Tanh | MaxPool2d | Add | Concat | Dropout):
            dropped[node.name] = source
        elif source is not None and isinstance(node.op, Lrn | BatchNorm):
            findings.append(_dropped(source, node))
    return findings


def _dropped(dropout: Node, norm: Node) -> Finding:
    assert isinstance(dropout.op, Dropout)
    rate = dropout.op.rate
    energy = f"1 / (1 - {rate:g}) = {1 / (1 - rate):.3g}"
    uses = "sums" if isinstance(norm.op, Lrn) else "takes its variance from"
    note = (
        f"while training, a kept value is multiplied by {energy} and others are zero: the squares that {norm.name} "
        f"{uses} are on average {1 / (1 - rate):.3g} times those of testing"
    )
    related = [(norm.at("op"), f"{norm.name} reads it")]
    message = f"{dropout.name} drops values before the normalisation {norm.name}"
    help = f"move {dropout.name} after {norm.name}"
    return report(dropout.at("op"), "ARC904", message, notes=[note], help=help, related=related)


def bias_before(graph: Graph) -> list[Finding]:
    """A bias that batch normalisations alone read, which subtract it again as part of the mean."""
    findings: list[Finding] = []
    for node in graph.nodes:
        readers = graph.readers[node.name]
        is_read_by_norms = readers and all(isinstance(reader.op, BatchNorm) for reader in readers)
        if isinstance(node.op, Weighted) and node.op.bias and is_read_by_norms and node.name not in graph.outputs:
            findings.append(_subtracted(node, readers[0]))
    return findings


def _subtracted(node: Node, norm: Node) -> Finding:
    units = node.output.channels
    what = "maps" if node.output.is_maps else "units"
    notes = [
        f"a bias adds one number to all values of a map or unit, and {norm.name} subtracts their mean",
        f"{units:,} {what}: {units:,} parameters that nothing depends on",
    ]
    related = [(norm.at("op"), f"{norm.name} subtracts it, and has a bias of its own")]
    message = f"{node.name}'s bias is without effect before the batch normalisation {norm.name}"
    return report(
        node.at("bias"), "ARC910", message, notes=notes, help=f"`bias: false` on {node.name}", related=related
    )


def window_over_devices(graph: Graph, placement: Placement) -> list[Finding]:
    """An lrn whose window reaches into the maps that another device holds."""
    findings: list[Finding] = []
    for exchange in placement.exchanges:
        node = graph.node(exchange.layer)
        if exchange.kind != "halo" or not isinstance(node.op, Lrn):
            continue
        area = f"{node.output.height} × {node.output.width}"
        maps = round(exchange.values) // (node.output.height * node.output.width)
        notes = [
            f"a halo crosses: {maps} maps of {area} = {exchange.values:,.0f} values an example, before it computes"
        ]
        parts = "halves" if placement.devices == 2 else f"{placement.devices} parts"
        message = f"{node.name}'s window of {node.op.size} maps crosses the {parts} in which the devices hold them"
        help = f"`groups: {placement.devices}` ends it at each device's edge, as the paper's two GPUs did"
        findings.append(report(node.at("op"), "ARC907", message, notes=notes, help=help))
    return findings
