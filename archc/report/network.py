"""A network's layer table and totals, as an expert would draw them by hand."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from archc.analysis import Facts
from archc.graph import Graph, Node
from archc.passes.placement import Placement

_HEADINGS = ("layer", "op", "window", "size", "output")


def network(facts: Facts) -> RenderableType:
    """The title, the table, and what holds."""
    return Group(
        Text(facts.graph.title, style="bold"), Text(), _table(facts), *(Text(line) for line in _summary(facts))
    )


def _table(facts: Facts) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading in _HEADINGS:
        table.add_column(heading, overflow="fold")
    table.add_column("parameters", justify="right", overflow="fold")
    table.add_column("MACs", justify="right", overflow="fold")
    for name, tensor in facts.graph.inputs.items():
        table.add_row(name, "input", "", "", str(tensor), "", "")
    for node in facts.graph.nodes:
        counts = facts.counts.layers[node.name]
        window = facts.shapes.windows.get(node.name)
        table.add_row(
            node.name,
            node.op.op + _reads(facts.graph, node),
            node.op.summary(),
            window.arithmetic if window else "",
            str(node.output),
            f"{counts.parameters:,}" if counts.parameters else "",
            f"{counts.macs:,}" if counts.macs else "",
        )
    table.add_section()
    table.add_row("total", "", "", "", "", f"{facts.counts.parameters:,}", f"{facts.counts.macs:,}", style="bold")
    return table


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
    gathers = [e.layer for e in placement.exchanges if e.kind == "gather"]
    halos = [e.layer for e in placement.exchanges if e.kind == "halo"]
    parts = [f"{', '.join(gathers)} gather their input"] if gathers else []
    parts += [f"{', '.join(halos)} exchange a halo"] if halos else []
    return f"{split}: {'; '.join(parts)} from the other devices"
