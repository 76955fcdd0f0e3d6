"""What is allowed but seldom meant."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.ops.weighted import Weighted
from archc.ops.window import Axis
from archc.passes.shapes import Shapes


def advise(graph: Graph, facts: Shapes) -> list[Finding]:
    """Advice on a graph without errors."""
    return [*_default_initialisation(graph), *_dropped_input(graph, facts)]


def _default_initialisation(graph: Graph) -> list[Finding]:
    """One finding for all layers: the remedy, a line in `defaults`, is one too."""
    silent = [n for n in graph.nodes if isinstance(n.op, Weighted) and "weight_init" not in n.fields]
    if not silent:
        return []
    more = f" and {len(silent) - 1} more start" if len(silent) > 1 else " starts"
    message = f"{silent[0].name}{more} from he_normal weights, which the spec does not say"
    help = "write it: `defaults: {conv2d: {weight_init: {he_normal: {}}}}`"
    return [report(silent[0].span, "ARC901", message, help=help.replace("conv2d", silent[0].op.op))]


def _dropped_input(graph: Graph, facts: Shapes) -> list[Finding]:
    findings: list[Finding] = []
    for name, window in facts.windows.items():
        rows, columns = window.vertical.dropped, window.horizontal.dropped
        if not rows and not columns:
            continue
        node = graph.node(name)
        lost = " and ".join(_lost(n, what) for n, what in ((rows, "row"), (columns, "column")) if n)
        notes = [window.arithmetic, _covered(window.vertical if rows else window.horizontal)]
        help = "other padding or another size"
        if window.vertical.rounding == "floor":
            help = f"`rounding: ceil`, {help}"
        findings.append(
            report(node.at("kernel"), "ARC902", f"{name} never reads the last {lost}", notes=notes, help=help)
        )
    return findings


def _lost(count: int, what: str) -> str:
    return f"{count} {what}s" if count > 1 else what


def _covered(axis: Axis) -> str:
    covered = (axis.out - 1) * axis.s + axis.f
    return f"{axis.out} windows of {axis.f} with stride {axis.s} cover {covered} of {axis.n + axis.before + axis.after}"
