"""Probabilities: a softmax whose values are computed with further."""

from __future__ import annotations

from math import e

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.spec import Loss
from archc.ops.softmax import Softmax
from archc.ops.weighted import Weighted


def softmax_before_loss(graph: Graph, loss: Loss) -> list[Finding]:
    """A softmax that is not last: the loss has its own, and a layer in the middle learns little from it."""
    reaching = _reaching_loss(graph)
    findings: list[Finding] = []
    for node in graph.nodes:
        readers = graph.readers[node.name]
        if isinstance(node.op, Softmax) and readers:
            ends = next((reader for reader in readers if reader.name in reaching and not _learns(reader)), None)
            finding = _softmax_twice(node, ends, loss) if ends else _softmax_in_the_middle(node, readers[0])
            findings.append(finding)
    return findings


def _reaching_loss(graph: Graph) -> set[str]:
    """The layers whose values come to the loss without any weights between, and without its fused softmax."""
    found: set[str] = set()
    outputs = set(graph.outputs)
    for node in reversed(graph.nodes):
        ends = node.name in outputs and not isinstance(node.op, Softmax)
        if ends or any(reader.name in found and not _learns(reader) for reader in graph.readers[node.name]):
            found.add(node.name)
    return found


def _learns(node: Node) -> bool:
    return isinstance(node.op, Weighted)


def _softmax_twice(node: Node, reader: Node, loss: Loss) -> Finding:
    n = node.output.size
    notes = [
        f"of {n:,} probabilities a second softmax makes none above e / (e + {n:,} - 1) = {_percent(e / (e + n - 1))}"
    ]
    message = f"{node.name} is a softmax before the loss {loss}, which takes one itself of what {reader.name} gives"
    help = f"put {node.name} last, where it is fused into the loss, or delete it"
    related = [(reader.at("op"), f"{reader.name} reads it")]
    return report(node.at("op"), "ARC905", message, notes=notes, help=help, related=related)


def _softmax_in_the_middle(node: Node, reader: Node) -> Finding:
    n = node.output.size
    notes = [f"its {n:,} values sum to 1, so each is 1 / {n:,} = {1 / n:.2g} on average"]
    message = f"{node.name} is a softmax in the middle: {reader.name} computes with its probabilities"
    help = "`op: relu` between layers, and a softmax at the end only"
    related = [(reader.at("op"), f"{reader.name} reads it")]
    return report(node.at("op"), "ARC905", message, notes=notes, help=help, related=related)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
