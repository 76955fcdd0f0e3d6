"""The first layer of a chain whose size differs from what an expected shape needs.

Walks back from the layer with the expectation: which sizes of its input give the expected one, which sizes of the layer
before give those, and so on, up to the network's input or to a layer whose own expectation is met.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from math import isqrt

from archc.graph import Graph, Node
from archc.ops.fields import NO_PADDING, Margins, Padding, Size
from archc.ops.weighted import Weighted
from archc.ops.window import Axis, Window, least_input
from archc.ops.windowed import Windowed
from archc.passes.advice.windows import covers_maps
from archc.passes.changed import output_of
from archc.tensor import Tensor

# The longest published chains have fewer layers.
_FURTHEST = 250
KERNELS = (2, 3, 5, 7, 9, 11)
"""Kernels that networks have; one of a pixel mixes no neighbours, and is meant where it is written."""

STRIDES = (1, 2, 4, 3)
"""Strides that networks have: those above 2 belong to large windows, such as AlexNet's first."""


@dataclass(frozen=True)
class Range:
    """The sizes along one axis that lead to the expected size."""

    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True)
class Need:
    """Heights and widths that a value must have."""

    rows: Range
    columns: Range

    def admits(self, height: int, width: int) -> bool:
        return self.rows.low <= height <= self.rows.high and self.columns.low <= width <= self.columns.high

    def beside(self, height: int, width: int) -> tuple[int, Range]:
        """The size along the axis that differs, and the sizes that it must have."""
        rows_hold = self.rows.low <= height <= self.rows.high
        return (width, self.columns) if rows_hold else (height, self.rows)


@dataclass(frozen=True)
class Departure:
    """`node` gives other sizes than `need`; `remedy` is one change of its fields that mends them, with its arithmetic,
    and `change` are these fields.

    `source` is the size of the network's input that would mend them instead, if the chain starts there.
    """

    node: Node
    window: Window
    need: Need
    remedy: str | None
    change: Mapping[str, object]
    source: Need | None


def departure(graph: Graph, node: Node, expected: tuple[int, ...], trusted: Set[str]) -> Departure | None:
    """The first layer that differs and has a remedy, or else the first that differs; None if sizes are not wrong."""
    chain, source = _walk_back(graph, node, expected, trusted) if min(expected) > 0 else ([], None)
    departing: list[Departure] = []
    for layer, need in chain:
        if not isinstance(layer.op, Windowed):
            continue
        (x,) = graph.tensors(layer.inputs)
        window = layer.op.window((x,))
        if not need.admits(*window.output):
            remedy, change = _remedy(layer.name, layer.op, x, need, kernels=() if source else KERNELS)
            # What is written once for several layers is not the mistake of one that another layer's shape blames.
            if layer is not node and any(len(sharing(graph, layer, field)) > 1 for field in change):
                remedy = None
            departing.append(Departure(layer, window, need, remedy, change, source))
    # A layer that one change mends is the likelier mistake, even if an earlier one differs too.
    mended = (found for found in departing if found.remedy)
    return next(mended, departing[0] if departing else None)


def sharing(graph: Graph, node: Node, field: str) -> list[Node]:
    """The layers whose field is written at the same place, such as in `defaults` or in a block; none if it is not."""
    span = node.fields.get(field)
    return [each for each in graph.nodes if each.fields.get(field) == span] if span else []


def _walk_back(
    graph: Graph, node: Node, expected: tuple[int, ...], trusted: Set[str]
) -> tuple[list[tuple[Node, Need]], Need | None]:
    """Each layer of the chain, first to last, with the sizes that it needs; and those of the network's input."""
    chain: list[tuple[Node, Need]] = []
    need: Need | None = None
    if node.output.is_maps and len(expected) == 3:
        need = Need(Range(expected[1], expected[1]), Range(expected[2], expected[2]))
    while len(node.inputs) == 1 and not _mixes(node) and len(chain) < _FURTHEST:
        (name,) = node.inputs
        if need is not None:
            chain.append((node, need))
        need = _before(node, need, graph.tensor(name), expected)
        # Vectors have no sizes to need, but the maps that are flattened before them may.
        if name in graph.inputs or name in trusted or (need is None and graph.tensor(name).is_maps):
            return chain[::-1], need if name in graph.inputs else None
        node = graph.node(name)
    return chain[::-1], None


def _mixes(node: Node) -> bool:
    """Whether the size of the output does not depend on that of the input, as with a dense layer."""
    return node.op.channels_field is not None and node.output.is_vector


def _before(node: Node, need: Need | None, x: Tensor, expected: tuple[int, ...]) -> Need | None:
    """The sizes that the input of `node` needs so that its output has the sizes `need`."""
    is_flattened = x.is_maps and not node.output.is_maps and x.size == node.output.size
    if is_flattened and len(expected) == 1:
        return _unflattened(x, expected[0])
    if need is None or not isinstance(node.op, Windowed):
        return need if x.shape[1:] == node.output.shape[1:] else None
    window = node.op.window((x,))
    rows = _inputs_for(window.vertical, need.rows, node.op.padding)
    columns = _inputs_for(window.horizontal, need.columns, node.op.padding)
    return Need(rows, columns) if rows and columns else None


def _unflattened(x: Tensor, units: int) -> Need | None:
    """The sizes of square maps that flatten to `units`."""
    side = isqrt(units // x.channels)
    return Need(Range(side, side), Range(side, side)) if side and x.channels * side * side == units else None


def _inputs_for(axis: Axis, out: Range, padding: Padding) -> Range | None:
    # The output grows with the input, so the inputs end just before the first one that gives more than `out.high`.
    low, high = least_input(axis, out.low, padding), least_input(axis, out.high + 1, padding) - 1
    return Range(low, high) if low <= high else None


def _remedy(
    name: str, op: Windowed, x: Tensor, need: Need, *, kernels: tuple[int, ...]
) -> tuple[str | None, Mapping[str, object]]:
    """One change that gives the sizes needed: rounding up, padding by half the kernel or none, a stride, or a kernel.

    One of `kernels` is proposed only if nothing else is, and no other of them would do.
    """
    window = op.window((x,))
    if isinstance(op, Weighted) and covers_maps(window) and (smaller := _smaller_kernel(op, x, window, need)):
        written, mended, change = smaller
        size = f"{window.kernel} is as large as its input maps"
        return f"use `{written}` on {name}, whose kernel of {size}: {mended.arithmetic}", change
    # In the order of how little they change: a stride makes another network of it, and so does a kernel.
    for written, change in usual_changes(op, window):
        if changed := _changed(op, x, change, need):
            return f"use `{written}` on {name}: {changed.arithmetic}", change
    tried = {size: _changed(op, x, {"kernel": Size(size, size)}, need) for size in kernels}
    fitting = [(size, changed) for size, changed in tried.items() if changed]
    if len(fitting) != 1:
        return None, {}
    ((size, changed),) = fitting
    return f"use `kernel: {size}` on {name}: {changed.arithmetic}", {"kernel": Size(size, size)}


def _smaller_kernel(
    op: Windowed, x: Tensor, window: Window, need: Need
) -> tuple[str, Window, Mapping[str, object]] | None:
    """The kernel that the written padding is half of, or else a usual one with its padding, and what it gives."""
    half = op.padding.top if isinstance(op.padding, Margins) and len({*op.padding}) == 1 else 0
    size = 2 * half + 1 if 0 < half < window.vertical.f // 2 else 3
    padding = half if size == 2 * half + 1 else 1
    change: dict[str, object] = {"kernel": Size(size, size), "padding": Margins(padding, padding, padding, padding)}
    mended = _changed(op, x, change, need)
    more = "" if padding == half else f"` and `padding: {padding}"
    return (f"kernel: {size}{more}", mended, change) if mended else None


def usual_changes(op: Windowed, window: Window) -> list[tuple[str, dict[str, object]]]:
    """Other values of a field, or of two, that networks often have, as they are written."""
    rounded: list[tuple[str, dict[str, object]]] = [("rounding: ceil", {"rounding": "ceil"})]
    padded: list[tuple[str, dict[str, object]]] = []
    margin = (window.vertical.f - 1) // 2
    half = Margins(margin, margin, margin, margin)
    if window.vertical.f == window.horizontal.f and margin and half != op.padding:
        padded.append((f"padding: {margin}", {"padding": half}))
    # A convolution is padded, where a pool is rounded up; but AlexNet's first, of a large stride, is rounded up too.
    is_padded = isinstance(op, Weighted) and max(window.stride) <= 2
    changes = [*padded, *rounded] if is_padded else [*rounded, *padded]
    if op.padding != NO_PADDING:
        changes.append(("padding: 0", {"padding": NO_PADDING}))
        changes.append(("padding: 0` and `rounding: ceil", {"padding": NO_PADDING, "rounding": "ceil"}))
    for side in STRIDES:
        stride = Size(side, side)
        # A longer stride skips more than a window covers.
        if window.stride != stride and (side <= 2 or side < min(window.kernel)):
            changes.append((f"stride: {side}", {"stride": stride}))
    if op.rounding == "ceil":
        changes.append(("rounding: floor", {"rounding": "floor"}))
    return changes


def _changed(op: Windowed, x: Tensor, change: Mapping[str, object], need: Need) -> Window | None:
    """The window with other values of fields, if it fits its input and gives the sizes needed."""
    changed = op.model_copy(update=change)
    if output_of(changed, (x,)) is None:
        return None
    window = changed.window((x,))
    return window if need.admits(*window.output) else None
