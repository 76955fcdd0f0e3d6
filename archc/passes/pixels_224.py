"""AlexNet's first layer at about 224 pixels: the paper states 224 and 55, but rounding down gives 54."""

from __future__ import annotations

from archc.graph import Graph, Node
from archc.ops.fields import Size
from archc.ops.weighted import Weighted
from archc.ops.window import Axis, Window
from archc.ops.windowed import Windowed
from archc.passes.changed import changed_shapes
from archc.tensor import Tensor
from archc.wording import listed

_PAPERS = Axis(224, 11, 0, 0, 4, "floor")
_GIVES = 54
_STATED = 55
_SECOND = Size(5, 5)
# Inputs that people give to AlexNet: the paper's 224, Caffe's 227, and sizes that were computed from one of them.
_NEAR = range(220, 232)
# Sizes of the layers after it that a note lists; AlexNet has three.
_MOST_SIZES = 4

_ROUNDS_UP = (
    "the paper's 55 comes from rounding up: ⌈(224 - 11) / 4⌉ + 1 = 55; the last window extends 3 pixels past the edge, "
    "like padding of right 3 and bottom 3"
)
_227 = "227 pixels give the same 55 without rounding: (227 - 11) / 4 + 1 = 55"
_PADDED = (
    "torchvision's padding of 2 also gives ⌊(224 - 11 + 2 × 2) / 4⌋ + 1 = 55, with each window shifted by 2 pixels"
)
REMEDY = "use `rounding: ceil`, as the 2012 code does, or an input of 227"


def is_rounded_down(window: Window) -> bool:
    """Whether this is the window that the paper rounds up, rounded down."""
    return _PAPERS in (window.vertical, window.horizontal)


def is_alexnets(window: Window, needed: range) -> bool:
    """Whether a window of the paper's size and stride should give the paper's 55, whatever its padding."""
    axis = window.vertical
    return (axis.f, axis.s) == (_PAPERS.f, _PAPERS.s) and axis.n in _NEAR and _STATED in needed


def changes_second(graph: Graph, node: Node) -> bool:
    """Whether a learned layer of AlexNet's second kernel reads `node`, and rounding up would change its shape."""
    changed = rounded_up(graph, node)
    reached = {node.name}
    for each in graph.nodes:
        if reached.isdisjoint(each.inputs):
            continue
        if not isinstance(each.op, Weighted):
            reached.add(each.name)
        elif each.name in changed and isinstance(each.op, Windowed) and each.op.kernel == _SECOND:
            return True
    return False


def explanation(graph: Graph, node: Node) -> list[str]:
    """Where the paper's 55 comes from, and what 54 leads to if `node` is that layer, rounded down."""
    return [_ROUNDS_UP, f"{_227}{_sizes(graph, node)}", _PADDED]


def rounded_up(graph: Graph, node: Node) -> dict[str, Tensor | None]:
    """The shapes that differ if `node` rounds up, by layer."""
    assert isinstance(node.op, Windowed)
    up = node.op.model_copy(update={"rounding": "ceil"}).infer(graph.tensors(node.inputs))
    return changed_shapes(graph, node.name, up)


def _sizes(graph: Graph, node: Node) -> str:
    """The sizes of the maps after `node` with its 54 and with 55."""
    window = node.op.window(graph.tensors(node.inputs))
    if window is None or not isinstance(node.op, Windowed) or not is_rounded_down(window):
        return ""
    axis = 1 if window.vertical == _PAPERS else 2
    otherwise = rounded_up(graph, node)
    after = {node.name}
    sizes = [(_GIVES, _STATED)]
    for each in graph.nodes:
        if after.isdisjoint(each.inputs):
            continue
        after.add(each.name)
        shape = otherwise.get(each.name, each.output)
        if shape is None or not shape.is_maps:
            continue
        size = (each.output.shape[axis], shape.shape[axis])
        if size != sizes[-1]:
            sizes.append(size)
    if len(sizes) == 1:
        return ""
    down, up = (listed([str(size[way]) for size in sizes[1:]], most=_MOST_SIZES) for way in (0, 1))
    return f"; 54 leads to {down}, and so does 55" if down == up else f"; 54 leads to {down}, and 55 to {up}"
