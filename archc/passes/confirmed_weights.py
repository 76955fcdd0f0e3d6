"""What the expected parameters tell about a layer of another shape than expected: which fields of it are right."""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph, Node
from archc.ops.fields import Margins, Size
from archc.ops.weighted import Weighted
from archc.ops.windowed import Windowed
from archc.passes.advice.windows import covers_maps
from archc.passes.changed import changed_graph
from archc.passes.counts import count
from archc.passes.departure import KERNELS, STRIDES
from archc.passes.missing_layers import meets
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
    for size, change in _changes(op):
        mended = changed_graph(graph, {node.name: change})
        if mended is None or not meets(mended) or not are_confirmed(mended, parameters):
            continue
        changed = op.model_copy(update=change).window(graph.tensors(node.inputs))
        also = "".join(f" and `{field}: {value[0]}`" for field, value in change.items() if field != "kernel")
        given = f"{changed.arithmetic}, and {parameters:,} parameters as expected"
        return f"use `kernel: {size}`{also} on {node.name}: {given}"
    return None


def _changes(op: Windowed) -> Iterator[tuple[int, dict[str, Size | Margins]]]:
    """Another kernel, or one with another stride, or with the padding of half of it."""
    kernels = {size: Size(size, size) for size in _KERNELS}
    for size, kernel in kernels.items():
        yield size, {"kernel": kernel}
    kernels = {size: kernel for size, kernel in kernels.items() if kernel != getattr(op, "kernel", None)}
    for size, kernel in kernels.items():
        for stride in STRIDES:
            if getattr(op, "stride", None) != (stride, stride) and stride <= size:
                yield size, {"kernel": kernel, "stride": Size(stride, stride)}
        half = (size - 1) // 2
        if half and op.padding != (half, half, half, half):
            yield size, {"kernel": kernel, "padding": Margins(half, half, half, half)}
