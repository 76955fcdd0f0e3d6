"""Probabilities: a softmax that other layers compute with, and an activation of the scores that a softmax reads."""

from __future__ import annotations

from math import e

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.properties import Loss
from archc.ops.weighted import Initialised


def softmax_before_loss(graph: Graph, loss: Loss) -> list[Finding]:
    """A softmax that is not final: the loss applies its own, and a layer in the middle learns little from one."""
    reaching = _reaching_loss(graph) if loss == "cross_entropy" else set[str]()
    findings: list[Finding] = []
    for node in graph.nodes:
        # Probabilities that a product reads are weights of the other values.
        readers = [reader for reader in graph.readers[node.name] if not reader.op.multiplies]
        if node.op.scores_as == "probabilities" and readers:
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
        ends = node.name in outputs and node.op.scores_as != "probabilities" and node.output.is_vector
        if ends or any(reader.name in found and not _learns(reader) for reader in graph.readers[node.name]):
            found.add(node.name)
    return found


def _learns(node: Node) -> bool:
    return isinstance(node.op, Initialised)


def _softmax_twice(node: Node, reader: Node, loss: Loss) -> Finding:
    n = node.output.channels
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
    n = node.output.channels
    where = "" if node.output.is_vector else " at each place"
    notes = [f"its {n:,} values{where} sum to 1, so their mean is 1 / {n:,} = {1 / n:.2g}"]
    message = f"{node.name} is a softmax in the middle of the network: {reader.name} reads its probabilities"
    help = "use `op: relu` between layers, and a softmax only at the end"
    related = [(reader.at("op"), f"{reader.name} reads it")]
    return report(node.at("op"), "ARC905", message, notes=notes, help=help, related=related, layer=node.name)


def activated_scores(graph: Graph, loss: Loss | None) -> list[Finding]:
    """An activation between the last learned layer and the final softmax, or the loss's own if the spec is trained."""
    # In the order of the layers: a set has none.
    ends = {
        node.name: f"the {node.op.called()} {node.name}"
        for node in graph.nodes
        if node.op.scores_as and not graph.readers[node.name]
    }
    taking = set(ends)
    output, *others = graph.outputs
    # At the end, the activation of another loss is an error of the recipe.
    is_scores = graph.tensor(output).is_vector and output not in ends and graph.node(output).op.fused_into is None
    if loss == "cross_entropy" and not others and is_scores:
        ends[output] = f"the loss `{loss}`, which applies a softmax"
    activations = _activations(graph)
    found: dict[str, Finding] = {}
    for end, called in ends.items():
        start = graph.node(end).inputs[0] if end in taking else end
        if activation := activations.get(start):
            found.setdefault(activation.name, _activated(graph, activation, graph.node(end), called))
    return list(found.values())


def _activations(graph: Graph) -> dict[str, Node]:
    """By value: the activation of something learned that gives it, if only layers that move values come after it."""
    learned: set[str] = set()
    found: dict[str, Node] = {}
    for node in graph.nodes:
        source, *others = node.inputs
        depends = not learned.isdisjoint(node.inputs)
        if depends or _learns(node):
            learned.add(node.name)
        # A dense layer without biases has no operations besides its multiply-accumulates, but it does compute.
        computes = _learns(node) or node.op.element_ops(graph.tensors(node.inputs), node.output)
        moves = node.op.is_linear and not others and not computes
        if node.op.is_activation and depends:
            # After one that gives any number, scores are still any.
            if node.op.narrows:
                found[node.name] = node
        elif moves and source in found:
            found[node.name] = found[source]
    return found


def _activated(graph: Graph, node: Node, end: Node, called: str) -> Finding:
    (source,) = node.inputs
    note = f"a softmax takes any scores, and {node.name} only narrows them"
    if node.op.output_sign == "nonnegative":
        note = (
            f"a softmax takes any scores: those below 0 make a class improbable, and after {node.name} there are none"
        )
    is_alone = len(graph.readers[node.name]) <= 1
    help = f"delete {node.name}" if is_alone else f"compute {end.name} from {source}, without {node.name}"
    related = [] if end is node else [(end.at("op"), "the end of the network")]
    message = f"{node.name} changes the scores of {source} before {called}"
    return report(node.at("op"), "ARC914", message, notes=[note], help=help, related=related, layer=node.name)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
