"""Weights: how they begin where the spec does not say, and whether one layer has nearly all of them."""

from __future__ import annotations

from math import prod

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.flatten import Flatten
from archc.ops.weighted import Weighted
from archc.passes.counts import Counts

# Of published networks VGG-16 concentrates most, 74 % in its fc6: beyond 90 % maps were flattened too early.
_MOST = 0.9
# A small network has a largest layer of necessity, and nothing to save.
_LARGE = 1_000_000


def default_initialisation(graph: Graph) -> list[Finding]:
    """One finding for all layers: the remedy, a line in `defaults`, is one too."""
    silent = [n for n in graph.nodes if isinstance(n.op, Weighted) and "weight_init" not in n.fields]
    if not silent:
        return []
    more = f" and {len(silent) - 1} more start" if len(silent) > 1 else " starts"
    message = f"{silent[0].name}{more} from he_normal weights, which the spec does not say"
    help = "write it: `defaults: {conv2d: {weight_init: {he_normal: {}}}}`"
    return [report(silent[0].span, "ARC901", message, help=help.replace("conv2d", silent[0].op.op))]


def concentrated_parameters(graph: Graph, counts: Counts) -> list[Finding]:
    """One layer of several with more than 90 % of all parameters."""
    weighted = [node for node in graph.nodes if counts.layers[node.name].parameters]
    if len(weighted) < 2:
        return []
    largest = max(weighted, key=lambda node: counts.layers[node.name].parameters)
    own, total = counts.layers[largest.name].parameters, counts.parameters
    if own < _LARGE or own <= _MOST * total:
        return []
    weights = largest.op.parameters(graph.tensors(largest.inputs))[0]
    notes = [
        f"{own:,} of {total:,}, its weights {' × '.join(f'{n:,}' for n in weights.shape)} = {prod(weights.shape):,}",
        "of AlexNet's, fc6 holds 62 %; of VGG-16's, 74 %",
    ]
    message = f"{largest.name} holds {100 * own / total:.4g} % of the parameters"
    return [report(largest.span, "ARC908", message, notes=notes, help=_fewer(graph, largest))]


def _fewer(graph: Graph, node: Node) -> str:
    (source, *_) = node.inputs
    before = None if source in graph.inputs else graph.node(source)
    if before is not None and isinstance(before.op, Flatten):
        (maps,) = graph.tensors(before.inputs)
        if maps.is_maps and maps.height * maps.width > 1:
            return f"shrink the {maps.height} × {maps.width} maps before {before.name} with a pool or a stride"
    return "fewer units, or fewer maps to read"
