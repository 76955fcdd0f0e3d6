"""Weights: an initialisation that the spec leaves open or without effect, and a layer that has nearly all of them."""

from __future__ import annotations

from math import prod

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.foreign import spelled
from archc.ops.initialisation import HE_NORMAL, SMALL
from archc.ops.properties import Loss
from archc.ops.weighted import Weighted
from archc.passes.counts import Counts
from archc.wording import counted, joined, listed

# Among published networks VGG-16 has the largest share, 74 % in its fc6; with 90 %, maps were flattened too early.
_MOST = 0.9
# In a small network some layer has to be the largest, and there is nothing to save.
_LARGE = 1_000_000


def default_initialisation(graph: Graph) -> list[Finding]:
    """One finding for all layers, since one line in `defaults` mends them all."""
    silent = [
        (n, n.op.weight_init) for n in graph.nodes if isinstance(n.op, Weighted) and "weight_init" not in n.fields
    ]
    if not silent:
        return []
    (first, _), *others = silent
    more = f" and {counted(len(others), 'other layer')} set" if others else " sets"
    ops = dict.fromkeys(node.op.op for node, init in silent if init != SMALL)
    scores = [node.name for node, init in silent if init == SMALL]
    used = "he_normal is used" if ops else "small weights are used for the scores"
    helps, notes = list[str](), list[str]()
    if ops:
        fields = (f"{op}: {{weight_init: {spelled(HE_NORMAL.written())}}}" for op in ops)
        helps.append(f"`defaults: {{{', '.join(fields)}}}`")
    if scores:
        small = spelled(SMALL.written())
        used += f", and small weights in {listed(scores)} for the scores" if ops else ""
        helps.append(f"`weight_init: {small}` to {listed(scores)}")
        notes.append(f"small weights are {small[1:-1]}: the first scores are near zero")
    message = f"{first.name}{more} no `weight_init`; {used}"
    return [report(first.span, "ARC901", message, notes=notes, help=f"add {joined(helps)}")]


def equal_biases(graph: Graph, loss: Loss | None) -> list[Finding]:
    """Equal biases other than 0 that only a softmax reads, a layer's or the loss's own."""
    findings: list[Finding] = []
    for node in graph.nodes:
        if not isinstance(node.op, Weighted) or not node.op.bias or not node.op.bias_init:
            continue
        readers = graph.readers[node.name]
        of_loss = loss == "cross_entropy" and graph.outputs == (node.name,)
        if (readers and all(reader.op.scores_as for reader in readers)) or (of_loss and not readers):
            findings.append(_equal(node, node.op.bias_init, readers[0] if readers else None))
    return findings


def _equal(node: Node, bias: float, softmax: Node | None) -> Finding:
    scores = f"all {node.output.channels:,} scores of {node.name} begin {spelled(bias)} higher"
    notes = [
        f"{scores}, and a softmax depends on their differences only",
        "the paper's biases of 1 precede ReLUs (section 5); no ReLU follows here",
    ]
    end = softmax.name if softmax else "the loss, which applies a softmax"
    message = f"{node.name}'s biases begin at {spelled(bias)}, which has no effect on {end}"
    related = [(softmax.at("op"), f"{softmax.name} reads it")] if softmax else []
    help = f"set `bias_init: 0` on {node.name}"
    return report(node.at("bias_init"), "ARC920", message, notes=notes, help=help, related=related, layer=node.name)


def concentrated_parameters(graph: Graph, counts: Counts) -> list[Finding]:
    """One of several layers that has more than 90 % of all parameters."""
    weighted = [node for node in graph.nodes if counts.layers[node.name].parameters]
    if len(weighted) < 2:
        return []
    largest = max(weighted, key=lambda node: counts.layers[node.name].parameters)
    own, total = counts.layers[largest.name].parameters, counts.parameters
    if own < _LARGE or own <= _MOST * total:
        return []
    weights = largest.op.parameters(graph.tensors(largest.inputs))[0]
    notes = [
        f"{own:,} of {total:,}; its weights: {' × '.join(f'{n:,}' for n in weights.shape)} = {prod(weights.shape):,}",
        "for comparison: fc6 has 62 % of AlexNet's parameters, and 74 % of VGG-16's",
    ]
    message = f"{largest.name} has {100 * own / total:.4g} % of the parameters"
    return [report(largest.span, "ARC908", message, notes=notes, help=_fewer(graph, largest), layer=largest.name)]


def _fewer(graph: Graph, node: Node) -> str:
    (source, *_) = node.inputs
    before = None if source in graph.inputs else graph.node(source)
    if before is not None and not before.output.is_maps:
        maps = graph.tensor(before.inputs[0])
        if maps.is_maps and maps.size == before.output.size and maps.height * maps.width > 1:
            return f"shrink the {maps.height} × {maps.width} maps before {before.name} with a pool or a stride"
    x = graph.tensor(source)
    other = f"a smaller `vocabulary` in {source}" if x.is_tokens else f"fewer {x.unit} in {source}"
    return f"use fewer {node.op.channels_field or 'maps'}, or {other}"
