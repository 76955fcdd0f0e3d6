"""A network's layer table and totals, as an expert would draw them by hand."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from archc.analysis import Facts
from archc.diagnostics.text import Style, unstyled, visible
from archc.graph import Graph, Node
from archc.passes.placement import Placement
from archc.report.table import Column, table

_COLUMNS = (
    Column("layer"),
    Column("op", least=12),
    Column("window", least=8),
    Column("size", least=8),
    Column("output"),
    Column("parameters", right=True),
    Column("MACs", right=True),
)


def network(facts: Facts, *, width: int, style: Style = unstyled) -> str:
    """The title, the table in `width` characters, and what holds."""
    headings, *rows, total = table(_COLUMNS, [*_rows(facts), _total(facts)], width=width)
    lines = [*(style(line, "strong") for line in wrap(visible(facts.graph.title), width)), ""]
    lines += [style(line, "dim") for line in headings]
    lines += [line for row in rows for line in row]
    lines += [style(line, "strong") for line in total]
    for line in _summary(facts):
        lines += wrap(line, width) or [""]
    return "\n".join(lines)


def _rows(facts: Facts) -> Iterator[tuple[str, ...]]:
    for name, tensor in facts.graph.inputs.items():
        yield name, "input", "", "", str(tensor), "", ""
    for node in facts.graph.nodes:
        counts = facts.counts.layers[node.name]
        window = facts.shapes.windows.get(node.name)
        yield (
            node.name,
            node.op.op + _reads(facts.graph, node),
            node.op.summary(),
            window.arithmetic if window else "",
            str(node.output),
            f"{counts.parameters:,}" if counts.parameters else "",
            f"{counts.macs:,}" if counts.macs else "",
        )


def _total(facts: Facts) -> tuple[str, ...]:
    return "total", "", "", "", "", f"{facts.counts.parameters:,}", f"{facts.counts.macs:,}"


def _reads(graph: Graph, node: Node) -> str:
    """The inputs of a layer, where they are not simply the layer before."""
    return "" if graph.is_chain else f" of {', '.join(node.inputs)}"


def _summary(facts: Facts) -> Iterator[str]:
    yield ""
    if facts.shapes.chain:
        yield " → ".join(str(s.height) if s.height == s.width else f"{s.height}×{s.width}" for s in facts.shapes.chain)
    yield f"{facts.counts.parameters:,} parameters, {facts.counts.macs:,} MACs an example"
    if facts.held.count:
        yield _held(facts)
    if facts.placement is not None:
        yield exchanges(facts.placement)


def _held(facts: Facts) -> str:
    held = facts.held
    shapes = [f"the shapes of {', '.join(held.layers)}"] if held.layers else []
    words = {"macs": "MACs"}
    return f"expectations held, {held.count}: " + ", ".join((*shapes, *(words.get(t, t) for t in held.totals)))


def exchanges(placement: Placement) -> str:
    """Where the devices exchange maps, in one line."""
    split = f"over {placement.devices} devices by {placement.strategy}"
    if not placement.exchanges:
        return f"{split}: no layer exchanges maps"
    said = {"gather": "gather their input", "halo": "exchange a halo", "redistribute": "redistribute their input"}
    layers = {kind: [e.layer for e in placement.exchanges if e.kind == kind] for kind in said}
    parts = [f"{', '.join(names)} {said[kind]}" for kind, names in layers.items() if names]
    return f"{split}: {'; '.join(parts)} from the other devices"
