"""Windows: input that no window reads, a window as large as its map, and AlexNet's first layer at 224 pixels."""

from __future__ import annotations

from math import prod

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.fields import ONE
from archc.ops.weighted import Weighted
from archc.ops.window import Axis, Window
from archc.passes.pixels_224 import EXPLANATION, REMEDY, is_rounded_down
from archc.passes.shapes import Shapes


def dropped_input(graph: Graph, facts: Shapes) -> list[Finding]:
    """Rows and columns at the end that rounding drops."""
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        rows, columns = window.vertical.dropped, window.horizontal.dropped
        node = graph.node(name)
        # The paper's own case has an advice of its own.
        if (not rows and not columns) or _is_papers(graph, node, window):
            continue
        lost = " and ".join(_lost(n, what) for n, what in ((rows, "row"), (columns, "column")) if n)
        notes = [window.arithmetic, _covered(window.vertical if rows else window.horizontal)]
        help = "use other padding or another size"
        if window.vertical.rounding == "floor":
            help = "use `rounding: ceil`, other padding or another size"
        findings.append(
            report(
                node.at("kernel"), "ARC902", f"{name} never reads the last {lost}", notes=notes, help=help, layer=name
            )
        )
    return findings


def _lost(count: int, what: str) -> str:
    return f"{count} {what}s" if count > 1 else what


def _covered(axis: Axis) -> str:
    covered, size = (axis.out - 1) * axis.s + axis.f, axis.n + axis.before + axis.after
    if axis.out == 1:
        return f"one window of {axis.f} covers {covered} of {size}"
    return f"{axis.out} windows of {axis.f} with stride {axis.s} cover {covered} of {size}"


def paper_rounded_down(graph: Graph, facts: Shapes) -> list[Finding]:
    """A window of 11 with stride 4 over 224 pixels, which the paper's network rounds up."""
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        node = graph.node(name)
        if _is_papers(graph, node, window):
            message = f"{name} gives 54 for 224 pixels; AlexNet has 55"
            notes = [window.arithmetic, *EXPLANATION]
            findings.append(report(node.at("kernel"), "ARC909", message, notes=notes, help=REMEDY, layer=name))
    return findings


def _is_papers(graph: Graph, node: Node, window: Window) -> bool:
    return isinstance(node.op, Weighted) and node.inputs[0] in graph.inputs and is_rounded_down(window)


def whole_map(graph: Graph, facts: Shapes) -> list[Finding]:
    """A convolution whose kernel is as large as its input maps."""
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        node = graph.node(name)
        covers = window.vertical.f >= window.vertical.n and window.horizontal.f >= window.horizontal.n
        # Pooling a whole map is common, and so is a kernel of one pixel. A dilated kernel skips pixels.
        learns = isinstance(node.op, Weighted) and node.op.parameters(graph.tensors(node.inputs))
        if learns and covers and window.dilation == ONE != window.kernel:
            findings.append(_whole_map(graph, node, window))
    return findings


def _whole_map(graph: Graph, node: Node, window: Window) -> Finding:
    (x,) = graph.tensors(node.inputs)
    weights = node.op.parameters((x,))[0]
    figures = f"{' × '.join(map(str, weights.shape))} = {prod(weights.shape):,} weights"
    message = f"{node.name}'s kernel of {window.kernel} is as large as its input maps"
    if (x.height, x.width) == window.kernel == window.padded:
        notes = [f"{window.arithmetic}: the window has one position and covers its input maps", figures]
        help = "use a smaller kernel to keep the maps"
        if same := node.op.as_dense():
            help = f"{same} compute the same; or {help}"
        return report(node.at("kernel"), "ARC906", message, notes=notes, help=help, layer=node.name)
    smaller = prod(weights.shape) // window.kernel.area * 9
    notes = [
        f"{window.arithmetic}: at most one window per axis avoids the padding",
        f"{figures}; a kernel of 3 × 3 has {smaller:,}",
    ]
    help = "use `kernel: 3`"
    if window.stride == ONE:
        help += ", and `padding: 1` to keep the size of the maps"
    return report(node.at("kernel"), "ARC906", message, notes=notes, help=help, layer=node.name)
