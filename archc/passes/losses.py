"""Whether the network returns what the recipe's loss needs."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.language.document import Spans
from archc.ops.properties import Loss

_LOSS = ("train", "loss")


def check_loss(graph: Graph, loss: Loss, spans: Spans) -> list[Finding]:
    """A finding at the loss if the output has too few values for it, or ends in the activation of another loss."""
    if len(graph.outputs) != 1:
        return []  # `archc train` needs one output, whatever the loss
    (name,) = graph.outputs
    node = graph.node(name)
    own = node.op.fused_into
    related = [(node.at("op"), f"{name} gives {node.output.described}")]
    if loss == "cross_entropy" and node.output.channels < 2:
        message = f"`cross_entropy` needs two or more classes; {name} gives one score"
        note = "a softmax over one score is 1, whatever the score: the loss is always 0"
        help = f"use `loss: binary_cross_entropy`, or more {node.output.unit} before the output"
        return [report(spans.value(*_LOSS), "ARC109", message, notes=[note], help=help, related=related)]
    if loss == "mean_squared_error" or own in (None, loss):
        return []
    what, applied = node.op.called(), "a softmax" if loss == "cross_entropy" else "a sigmoid"
    message = f"`{loss}` applies {applied} to the output, and {name} is a {what} already"
    help = f"use `loss: {own}`, or delete {name}"
    return [report(spans.value(*_LOSS), "ARC109", message, help=help, related=[(node.at("op"), f"{name} is a {what}")])]
