"""AlexNet's groups: of the layers whose groups explain its totals, those that its paper divides over two GPUs."""

from __future__ import annotations

from archc.graph import Graph
from archc.ops.fields import Size
from archc.ops.weighted import Weighted
from archc.ops.windowed import Windowed
from archc.passes.total_mistakes import Explanation, layers_of

_FIRST, _SECOND = Size(11, 11), Size(5, 5)
_LAYERS = 5


def as_in_the_paper(graph: Graph, explanations: list[Explanation]) -> list[Explanation]:
    """Only those that leave the third layer whole, with a note on the others, if the network looks like AlexNet."""
    layers = [node for node in graph.nodes if isinstance(node.op, Weighted) and isinstance(node.op, Windowed)]
    kernels = [getattr(node.op, "kernel", None) for node in layers]
    if len(layers) != _LAYERS or kernels[:2] != [_FIRST, _SECOND]:
        return explanations
    third = layers[2]
    now = third.op.reach().groups
    papers = [each for each in explanations if each.changes.get(third.name, {}).get("groups", now) == 1]
    others = [each for each in explanations if each not in papers]
    if not papers or not others or not all(_grouped(each) for each in papers):
        return explanations
    order = [node.name for node in layers]
    named = " or ".join(layers_of(sorted(_grouped(each), key=order.index)) for each in others)
    note = f"the paper's third layer reads the maps of both GPUs (section 3.2); groups of {named} give the same totals"
    return [each._replace(notes=(*each.notes, note)) for each in papers]


def _grouped(explanation: Explanation) -> list[str]:
    return [layer for layer, fields in explanation.changes.items() if "groups" in fields]
