"""What the expected parameters tell about a layer of another shape than expected: which fields of it are right."""

from __future__ import annotations

from archc.graph import Graph, Node
from archc.ops.fields import Size
from archc.ops.weighted import Weighted
from archc.ops.windowed import Windowed
from archc.passes.advice.windows import covers_maps
from archc.passes.changed import changed_graph
from archc.passes.counts import count
from archc.passes.departure import KERNELS
from archc.passes.total_mistakes import MOST_TRIED

_KERNELS = (1, *KERNELS)


def are_confirmed(graph: Graph, parameters: int | None) -> bool:
    """Whether the layers have the expected parameters, so that no width of them is wrong."""
    return parameters is not None and count(graph).parameters == parameters


def kernel_of_parameters(graph: Graph, node: Node, parameters: int | None) -> str | None:
    """The remedy of another kernel of a layer, if it gives all expected shapes and the expected parameters."""
    op = node.op
    if parameters is None or not isinstance(op, Windowed) or not isinstance(op, Weighted):
        return None
    window = op.window(graph.tensors(node.inputs))
    # A kernel as large as its maps is explained as that.
    if covers_maps(window) or len(_KERNELS) * len(graph.nodes) > MOST_TRIED:
        return None
    for size in _KERNELS:
        mended = changed_graph(graph, {node.name: {"kernel": Size(size, size)}})
        if mended is None or any(each.expected not in (None, each.output.shape) for each in mended.nodes):
            continue
        if count(mended).parameters != parameters:
            continue
        changed = op.model_copy(update={"kernel": Size(size, size)}).window(graph.tensors(node.inputs))
        return f"use `kernel: {size}` on {node.name}: {changed.arithmetic}, and {parameters:,} parameters as expected"
    return None
