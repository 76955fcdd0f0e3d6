"""Windows: input that no window reads, a window as large as its map, and AlexNet's first layer at 224 pixels."""

from __future__ import annotations

from collections.abc import Container
from itertools import islice
from math import gcd, prod

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.fields import ONE, Size
from archc.ops.shape_error import ShapeError
from archc.ops.weighted import Weighted
from archc.ops.window import Axis, Window
from archc.ops.windowed import Windowed
from archc.passes.pixels_224 import REMEDY, changes_second, explanation, is_rounded_down, rounded_up
from archc.passes.shapes import Shapes
from archc.tensor import Tensor

Blamed = Container[tuple[str, str]]
"""Fields of layers, as (layer, field), that an error says to change already."""

# AlexNet has one first layer: of very many, each of which is followed through the network, only some are advised on.
_MOST_FOLLOWED = 20

# Networks have kernels up to this size in many layers, whatever the size of their maps.
_USUAL_KERNEL = 7


def dropped_input(graph: Graph, facts: Shapes, blamed: Blamed) -> list[Finding]:
    """Rows and columns at the end that rounding drops, and that are more than a stride skips between two windows."""
    findings: list[Finding] = []
    with_55 = [rounded_up(graph, node) for node in _papers(graph, facts)]
    for name, window in facts.windows.items():
        rows, columns = _dropped(window, 0), _dropped(window, 1)
        node = graph.node(name)
        # The paper's own case has an advice of its own.
        if (not rows and not columns) or _is_papers(graph, node, window) or _is_mended(graph, node, with_55):
            continue
        if any((name, field) in blamed for field in ("kernel", "stride", "padding", "rounding")):
            continue
        axes = ((rows, "row"), (columns, "position" if window.is_row else "column"))
        lost = " and ".join(_lost(n, what) for n, what in axes if n)
        notes = [window.arithmetic, _covered(window.vertical if rows else window.horizontal)]
        is_closed = (up := _changed(graph, node, rounding="ceil")) and not (_dropped(up, 0) or _dropped(up, 1))
        help = f"use {'`rounding: ceil`, ' if is_closed else ''}other padding or another size"
        message = f"{name} never reads the last {lost}"
        findings.append(report(node.at("kernel"), "ARC902", message, notes=notes, help=help, layer=name))
    return findings


def _dropped(window: Window, at: int) -> int:
    """Rows (0) or columns (1) at the end that no window covers, if another window could start on them.

    0 where the stride skips pixels everywhere, which is an advice of its own.
    """
    axis = _axis(window, at)
    return axis.dropped if axis.dropped > axis.s - axis.f and _read(window, at) == axis.s else 0


def _is_mended(graph: Graph, node: Node, with_55: list[dict[str, Tensor | None]]) -> bool:
    """Whether the layer drops nothing where a layer before it gives AlexNet's 55, which has an advice of its own."""
    for shapes in with_55:
        x = shapes.get(node.inputs[0])
        if x is not None and isinstance(node.op, Windowed):
            window = node.op.window((x,))
            return not _dropped(window, 0) and not _dropped(window, 1)
    return False


def _changed(graph: Graph, node: Node, **fields: object) -> Window | None:
    """The window with other values of the layer's fields; None if the layer could not take its input then."""
    op, inputs = node.op.model_copy(update=fields), graph.tensors(node.inputs)
    try:
        op.infer(inputs)
    except ShapeError:
        return None
    return op.window(inputs)


def _lost(count: int, what: str) -> str:
    return f"{count} {what}s" if count > 1 else what


def _covered(axis: Axis) -> str:
    covered, size = (axis.out - 1) * axis.s + axis.f, axis.n + axis.before + axis.after
    if axis.out == 1:
        return f"one window of {axis.f} covers {covered} of {size}"
    return f"{axis.out} windows of {axis.f} with stride {axis.s} cover {covered} of {size}"


def skipped_input(graph: Graph, facts: Shapes) -> list[Finding]:
    """Rows and columns everywhere in the maps that a stride larger than the window skips."""
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        if _skips(window):
            node = graph.node(name)
            findings.append(_skipped(name, node, window, _closing(graph, node, window)))
    return findings


def _skips(window: Window) -> bool:
    """Whether windows leave gaps; not for the one pixel of every 2 × 2 that a residual network's shortcut reads."""
    is_shortcut = window.kernel == ONE and max(window.stride) <= 2
    return not is_shortcut and any(_read(window, at) < window.stride[at] for at in (0, 1))


def _read(window: Window, at: int) -> int:
    """How many of `stride` neighbouring rows (0) or columns (1) some window reads."""
    axis, stride = _axis(window, at), window.stride[at]
    if axis.out == 1 and not 0 < axis.dropped <= axis.s - axis.f:
        return stride  # a single window has no neighbour, so it leaves at most a gap at the end
    if axis.out > 1 and axis.n < stride:
        return stride  # the gaps may lie in the padding
    # Taps that lie a multiple of the stride apart read the same rows as those of another window.
    return min(window.kernel[at], stride // gcd(stride, window.dilation[at]))


def _axis(window: Window, at: int) -> Axis:
    return (window.vertical, window.horizontal)[at]


def _skipped(name: str, node: Node, window: Window, help: str) -> Finding:
    axes = (window.vertical, window.horizontal)
    reads = [(_positions_read(window, at), axis.n) for at, axis in enumerate(axes)]
    if window.is_row:
        told = f"{reads[1][0]:,} of {reads[1][1]:,} positions"
    elif reads[0] == reads[1]:
        told = f"{reads[0][0]:,} of {reads[0][1]:,} rows and columns"
    else:
        told = " and ".join(
            f"{read:,} of {n:,} {what}" for (read, n), what in zip(reads, ("rows", "columns"), strict=True) if read < n
        )
    pixels = axes[0].n * axes[1].n
    unread = pixels - reads[0][0] * reads[1][0]
    what = "positions" if window.is_row else "pixels"
    fields = [f"kernel {window.shown(window.kernel)}", f"stride {window.shown(window.stride)}"]
    if window.dilation != ONE:
        fields.insert(1, f"dilation {window.shown(window.dilation)}")
    return report(
        node.at("stride"),
        "ARC913",
        # A share that is not quite all of them is not rounded to all.
        f"{name} reads {told}: {min(100 * unread / pixels, 99.99):.4g} % of the {what} are never read",
        notes=[f"{', '.join(fields)}: no window reaches {unread:,} of {pixels:,} {what}"],
        help=help,
        layer=name,
    )


def _positions_read(window: Window, at: int) -> int:
    """How many rows (0) or columns (1) of the input some window reads: those of every tap that no earlier tap reads."""
    axis, stride, dilation = _axis(window, at), window.stride[at], window.dilation[at]
    count = 0
    # The next unread position of those that lie whole strides apart, by the remainder that they have in common.
    following: dict[int, int] = {}
    for tap in range(window.kernel[at]):
        first = tap * dilation - axis.before
        last = first + (axis.out - 1) * stride
        least = first % stride  # before it is padding
        start = max(first, least, following.get(least, least))
        count += max((min(last, axis.n - 1) - start) // stride + 1, 0)
        following[least] = last + stride
    return count


def _closing(graph: Graph, node: Node, window: Window) -> str:
    """The strides, the kernel or the dilation with which windows leave no gaps, each tried."""

    def closes(**fields: object) -> bool:
        changed = _changed(graph, node, **fields)
        return changed is not None and all(_is_closed(changed, at) for at in (0, 1))

    wide = max(window.stride)
    # "At most" is true only if each smaller stride leaves none either; no window reads what a wide one skips.
    most = next((s for s in range(2, wide) if not closes(stride=_at_most(s, window.stride))), wide) - 1
    remedies = [f"a stride of at most {most}" if most > 1 else "`stride: 1`"]
    if closes(kernel=Size(1 if window.is_row else max(wide, window.kernel[0]), max(wide, window.kernel[1]))):
        remedies.append(f"a kernel of at least {wide}")
    if window.dilation != ONE and closes(dilation=ONE):
        remedies.append("`dilation: 1`")
    return f"use {', or '.join(remedies)}"


def _is_closed(window: Window, at: int) -> bool:
    """Whether no gap is left in the rows (0) or columns (1); a single window has none only if it reads all."""
    axis = _axis(window, at)
    return _read(window, at) == axis.s and (axis.out > 1 or _positions_read(window, at) == axis.n)


def _at_most(most: int, stride: Size) -> Size:
    return Size(min(most, stride.height), min(most, stride.width))


def paper_rounded_down(graph: Graph, facts: Shapes, blamed: Blamed) -> list[Finding]:
    """AlexNet's window of 11 with stride 4 over 224 pixels, which the paper's network rounds up."""
    findings: list[Finding] = []
    for node in _papers(graph, facts):
        if (node.name, "rounding") not in blamed:
            message = f"{node.name} gives 54 for 224 pixels; AlexNet has 55"
            notes = [facts.windows[node.name].arithmetic, *explanation(graph, node)]
            findings.append(report(node.at("kernel"), "ARC909", message, notes=notes, help=REMEDY, layer=node.name))
    return findings


def _papers(graph: Graph, facts: Shapes) -> list[Node]:
    """The layers that this advice is on; of very many, the first."""
    nodes = (graph.node(name) for name, window in facts.windows.items() if _is_papers(graph, graph.node(name), window))
    return list(islice((node for node in nodes if not _is_declared(graph, node)), _MOST_FOLLOWED))


def _is_papers(graph: Graph, node: Node, window: Window) -> bool:
    """Whether it is AlexNet's first layer rounded down, and its second has another size because of that.

    Other networks have the same first layer with 54, by design: NiN, and VGG's CNN-F, whose pools round up.
    """
    learns = isinstance(node.op, Weighted) and isinstance(node.op, Windowed)
    return learns and node.inputs[0] in graph.inputs and is_rounded_down(window) and changes_second(graph, node)


def _is_declared(graph: Graph, node: Node) -> bool:
    """Whether an expectation, of this layer or of a later one, is met with 54 and would not be with 55."""
    return any(graph.node(name).expected is not None for name in rounded_up(graph, node))


def whole_map(graph: Graph, facts: Shapes, blamed: Blamed) -> list[Finding]:
    """A convolution whose kernel is as large as its input maps, and that nevertheless pads them."""
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        node = graph.node(name)
        # A kernel that equals the maps is a dense layer written as a convolution: LeNet-5's C5, OverFeat's fc6.
        is_dense = Size(window.vertical.n, window.horizontal.n) == window.kernel == window.padded
        # Pooling a whole map is common.
        learns = isinstance(node.op, Weighted) and node.op.parameters(graph.tensors(node.inputs))
        # Advice follows only where every expectation is met: an author who states the 1 × 1 means it.
        is_declared = node.expected is not None and window.output == (1, 1)
        is_meant = is_dense or is_declared or (name, "kernel") in blamed
        if learns and covers_maps(window) and not is_meant:
            findings.append(_whole_map(graph, node, window))
    return findings


def covers_maps(window: Window) -> bool:
    """Whether a kernel is as large as its input maps, and larger than those that networks have whatever their maps.

    Small kernels meet small maps at the end of a network: VGG's 3 × 3 in 2 × 2 maps, ConvNeXt's 7 × 7 in 7 × 7. A
    dilated kernel skips pixels.
    """
    covers = window.vertical.f >= window.vertical.n and window.horizontal.f >= window.horizontal.n
    return covers and max(window.kernel) > _USUAL_KERNEL and window.dilation == ONE and not window.is_row


def _whole_map(graph: Graph, node: Node, window: Window) -> Finding:
    weights = node.op.parameters(graph.tensors(node.inputs))[0]
    smaller = prod(weights.shape) // window.kernel.area * 9
    notes = [
        f"{window.arithmetic}: at most one window per axis avoids the padding",
        f"{' × '.join(map(str, weights.shape))} = {prod(weights.shape):,} weights; a kernel of 3 × 3 has {smaller:,}",
    ]
    help = "use `kernel: 3`"
    if window.stride == ONE:
        help += ", and `padding: 1` to keep the size of the maps"
    message = f"{node.name}'s kernel of {window.kernel} is as large as its input maps"
    return report(node.at("kernel"), "ARC906", message, notes=notes, help=help, layer=node.name)
