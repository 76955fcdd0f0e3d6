"""Probabilities: a softmax that other layers compute with."""

from __future__ import annotations

from math import e

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.spec import Loss
from archc.ops.weighted import Weighted


def softmax_before_loss(graph: Graph, loss: Loss) -> list[Finding]:
    """A softmax that is not final: the loss applies its own, and a layer in the middle learns little from one."""
    reaching = _reaching_loss(graph)
    findings: list[Finding] = []
    for node in graph.nodes:
        readers = graph.readers[node.name]
        if node.op.gives_probabilities and readers:
            # If one reader leads to the loss without weights in between, the loss sees these probabilities.
            ends = next((reader for reader in readers if reader.name in reaching and not _learns(reader)), None)
            finding = _softmax_twice(node, ends, loss) if ends else _softmax_in_the_middle(node, readers[0])
            findings.append(finding)
    return findings


def _reaching_loss(graph: Graph) -> set[str]:
    """The layers whose values reach the loss with no weights in between, other than through its fused softmax."""
    found: set[str] = set()
    outputs = set(graph.outputs)
    for node in reversed(graph.nodes):
        ends = node.name in outputs and not node.op.gives_probabilities
        if ends or any(reader.name in found and not _learns(reader) for reader in graph.readers[node.name]):
            found.add(node.name)
    return found


def _learns(node: Node) -> bool:
    return isinstance(node.op, Weighted)


def _softmax_twice(node: Node, reader: Node, loss: Loss) -> Finding:
    n = node.output.size
    # The largest value of a softmax over probabilities is that of a one among zeros.
    notes = [
        f"a second softmax makes none of {n:,} probabilities larger than e / (e + {n:,} - 1) = "
        f"{_percent(e / (e + n - 1))}"
    ]
    own = f"its own softmax to the output of {reader.name}"
    message = f"{node.name} is a softmax before the loss `{loss}`, which applies {own}"
    help = f"move {node.name} to the end, where it is fused into the loss, or delete it"
    related = [(reader.at("op"), f"{reader.name} reads it")]
    return report(node.at("op"), "ARC905", message, notes=notes, help=help, related=related, layer=node.name)


def _softmax_in_the_middle(node: Node, reader: Node) -> Finding:
    n = node.output.size
    notes = [f"its {n:,} values sum to 1, so their mean is 1 / {n:,} = {1 / n:.2g}"]
    message = f"{node.name} is a softmax in the middle of the network: {reader.name} reads its probabilities"
    help = "use `op: relu` between layers, and a softmax only at the end"
    related = [(reader.at("op"), f"{reader.name} reads it")]
    return report(node.at("op"), "ARC905", message, notes=notes, help=help, related=related, layer=node.name)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
