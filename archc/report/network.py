"""The layer table of a network with its totals, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from sys import maxsize
from typing import TYPE_CHECKING

from archc.analysis import Facts
from archc.diagnostics.text import Style, unstyled
from archc.graph import Graph, Node
from archc.passes.counts import LayerCounts
from archc.passes.memory import in_units
from archc.passes.placement import Placement
from archc.report.table import Column, fitting, hidden, table
from archc.wording import counted, visible, wrapped

if TYPE_CHECKING:
    from archc.passes.receptive import ReceptiveField


@dataclass(frozen=True)
class _Figure:
    """A column of the table. `of` gives the cell of a layer; `counted` gives a count, which the last row totals."""

    column: Column
    of: Callable[[Facts, Node], str] | None = None
    counted: Callable[[LayerCounts], int] | None = None
    wide: bool = False
    """Shown only with `--wide`."""

    def layer(self, facts: Facts, node: Node) -> str:
        return self.of(facts, node) if self.of else self._figure(facts.counts.layers[node.name])

    def total(self, facts: Facts) -> str:
        return self._figure(facts.counts)

    def _figure(self, counts: LayerCounts) -> str:
        found = self.counted(counts) if self.counted else 0
        return f"{found:,}" if found else ""


def _arithmetic(facts: Facts, node: Node) -> str:
    window = facts.shapes.windows.get(node.name)
    return window.arithmetic if window else ""


def _field(show: Callable[[ReceptiveField], str]) -> Callable[[Facts, Node], str]:
    def of(facts: Facts, node: Node) -> str:
        field = facts.receptive_fields[node.name]
        return "" if field is None else show(field)

    return of


_FIGURES = (
    _Figure(Column("layer"), lambda _, node: node.name),
    _Figure(Column("op", least=10, leave=1), lambda facts, node: node.op.op + _reads(facts.graph, node)),
    _Figure(Column("window", least=18, leave=4), lambda _, node: node.summary),
    _Figure(Column("size", leave=5), _arithmetic),
    _Figure(Column("output"), lambda _, node: str(node.output)),
    _Figure(Column("receptive field"), _field(lambda field: str(field.size)), wide=True),
    _Figure(Column("stride"), _field(lambda field: str(field.stride) if field.stride else ""), wide=True),
    _Figure(Column("weights", right=True), counted=lambda counts: counts.weights, wide=True),
    _Figure(Column("biases", right=True), counted=lambda counts: counts.biases, wide=True),
    _Figure(Column("not trained", right=True), counted=lambda counts: counts.statistics, wide=True),
    _Figure(Column("parameters", right=True, leave=2), counted=lambda counts: counts.parameters),
    _Figure(Column("MACs", right=True, leave=3), counted=lambda counts: counts.macs),
    _Figure(Column("MACs backward", right=True), counted=lambda counts: counts.backward_macs, wide=True),
    _Figure(Column("element ops", right=True), counted=lambda counts: counts.element_ops, wide=True),
    _Figure(Column("activations", right=True), counted=lambda counts: counts.activations, wide=True),
)


def network(facts: Facts, *, width: int, style: Style = unstyled, wide: bool = False) -> str:
    """The title, the table and the totals in `width` columns. With `wide`, all columns, whatever their width."""
    lines = [*(style(line, "strong") for line in wrapped(visible(facts.graph.title), width)), ""]
    lines += _table(facts, width, style, wide=wide)
    for line in _summary(facts):
        lines += wrapped(line, width) or [""]
    return "\n".join(lines)


def _table(facts: Facts, width: int, style: Style, *, wide: bool) -> Iterator[str]:
    figures = [figure for figure in _FIGURES if wide or not figure.wide]
    rows = [
        *_inputs(facts, figures),
        *([figure.layer(facts, node) for figure in figures] for node in facts.graph.nodes),
    ]
    rows.append(["total", *(figure.total(facts) for figure in figures[1:])])
    columns = [figure.column for figure in figures]
    if wide:
        # A column without any value is omitted. The others are not cut to the terminal, since `--wide` asked for them.
        kept, width = [place for place in range(len(figures)) if any(row[place] for row in rows)], maxsize
    else:
        kept = fitting(columns, rows, width=width)
    kept_rows = [[row[place] for place in kept] for row in rows]
    headings, *shown, total = table([columns[place] for place in kept], kept_rows, width=width)
    yield from (style(line, "dim") for line in headings)
    yield from (line for row in shown for line in row)
    yield from (style(line, "strong") for line in total)
    if not wide and len(kept) < len(columns):
        yield from wrapped(f"columns hidden: {hidden(columns, kept)}; show them with `--wide`", width)


def _inputs(facts: Facts, figures: list[_Figure]) -> Iterator[list[str]]:
    for name, tensor in facts.graph.inputs.items():
        cells = {"layer": name, "op": "input", "output": str(tensor)}
        yield [cells.get(figure.column.heading, "") for figure in figures]


def _reads(graph: Graph, node: Node) -> str:
    """The inputs of a layer. Empty in a chain, where every layer reads the previous one."""
    return "" if graph.is_chain else f" from {', '.join(node.inputs)}"


def _summary(facts: Facts) -> Iterator[str]:
    yield ""
    if facts.shapes.chain:
        yield " → ".join(str(s.height) if s.height == s.width else f"{s.height}×{s.width}" for s in facts.shapes.chain)
    yield f"{facts.counts.parameters:,} parameters, {facts.counts.macs:,} MACs per example"
    if facts.graph.nodes:
        yield _memory(facts)
    if facts.held.count:
        yield _held(facts)
    if facts.placement is not None:
        yield exchanges(facts.placement)


def _memory(facts: Facts) -> str:
    step, devices = facts.step_memory, facts.placement.devices if facts.placement else 1
    each = f" on each of {devices} devices" if devices > 1 else ""
    training = f"{in_units(step.peak)} for training (peak at {step.peak_layer})"
    inference = f"{in_units(facts.inference_memory.peak)} for inference"
    return f"memory at batch {facts.recipe.batch:,}{each}: {training}, {inference}"


def _held(facts: Facts) -> str:
    held = facts.held
    shapes = [f"shapes of {', '.join(held.layers)}"] if held.layers else []
    totals = [{"macs": "MACs"}.get(total, total) for total in held.totals]
    parts = [*shapes, *([", ".join(totals)] if totals else [])]
    return f"{counted(held.count, 'expectation')} met: {'; '.join(parts)}"


def exchanges(placement: Placement) -> str:
    """The layers before which the devices exchange maps, in one line."""
    heading = f"on {counted(placement.devices, 'device')}, split by {placement.strategy}"
    if not placement.exchanges:
        return f"{heading}: no maps are exchanged"
    verbs = {"gather": "maps are gathered", "halo": "a halo is exchanged", "redistribute": "maps are redistributed"}
    layers = {kind: [e.layer for e in placement.exchanges if e.kind == kind] for kind in verbs}
    parts = [f"{verbs[kind]} before {', '.join(names)}" for kind, names in layers.items() if names]
    return f"{heading}: {'; '.join(parts)}"
