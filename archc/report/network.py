"""The layer table of a network with its totals, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from sys import maxsize
from typing import TYPE_CHECKING, NamedTuple

from archc.analysis import Facts
from archc.diagnostics.text import Style, unstyled
from archc.graph import Graph, Node
from archc.passes.counts import LayerCounts
from archc.passes.memory import in_units
from archc.passes.placement import Placement
from archc.report.table import Column, least_width, table
from archc.wording import counted, listed, visible, wrapped

if TYPE_CHECKING:
    from archc.ops.fields import Size
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


def _sizes(facts: Facts, node: Node) -> str:
    window = facts.shapes.windows.get(node.name)
    return window.sizes if window else ""


def _field(shown: Callable[[ReceptiveField], Size | None]) -> Callable[[Facts, Node], str]:
    def of(facts: Facts, node: Node) -> str:
        field = facts.receptive_fields[node.name]
        size = None if field is None else shown(field)
        is_row = not any(x.is_maps for x in facts.graph.inputs.values())
        return "" if size is None else str(size.width if is_row else size)

    return of


_FIGURES = (
    _Figure(Column("layer"), lambda _, node: node.name),
    _Figure(Column("op"), lambda facts, node: " ".join([node.op.op, *_reads(facts.graph, node)])),
    _Figure(Column("window", least=16), lambda _, node: node.summary),
    _Figure(Column("size"), _arithmetic),
    _Figure(Column("output"), lambda _, node: str(node.output)),
    _Figure(Column("receptive field"), _field(lambda field: field.size), wide=True),
    _Figure(Column("stride"), _field(lambda field: field.stride), wide=True),
    _Figure(Column("weights", right=True), counted=lambda counts: counts.weights, wide=True),
    _Figure(Column("biases", right=True), counted=lambda counts: counts.biases, wide=True),
    _Figure(Column("not trained", right=True), counted=lambda counts: counts.statistics, wide=True),
    _Figure(Column("parameters", right=True), counted=lambda counts: counts.parameters),
    _Figure(Column("MACs", right=True), counted=lambda counts: counts.macs),
    _Figure(Column("MACs backward", right=True), counted=lambda counts: counts.backward_macs, wide=True),
    _Figure(Column("element ops", right=True), counted=lambda counts: counts.element_ops, wide=True),
    _Figure(Column("activations", right=True), counted=lambda counts: counts.activations, wide=True),
)

_NAMES_FOLDED = _Figure(Column("layer", least=24), lambda _, row: row.part.name)
_READS_BELOW = _Figure(Column("op"), lambda _, node: node.op.op)
_BRIEF = _Figure(Column("size"), _sizes)
_FOLDED = _Figure(Column("window", least=12), lambda _, node: node.summary)


class _Form(NamedTuple):
    """A form of the table: its columns, and whether the inputs of a layer have a line of their own below it."""

    figures: Sequence[_Figure]
    reads_below: bool = False


def _narrower() -> Iterator[_Form]:
    """The forms from the widest to the narrowest: sizes become brief before the number of parameters is omitted.

    Only long paths are folded before that.
    """
    figures = [figure for figure in _FIGURES if not figure.wide]
    yield _Form(figures)
    for change in (_READS_BELOW, _NAMES_FOLDED, "MACs", _BRIEF, "parameters", _FOLDED, "size", "window", "op"):
        figures = _omitted(figures, change) if isinstance(change, str) else _replaced(figures, change)
        yield _Form(figures, reads_below=True)


def _omitted(figures: Sequence[_Figure], heading: str) -> list[_Figure]:
    return [figure for figure in figures if figure.column.heading != heading]


def _replaced(figures: Sequence[_Figure], narrower: _Figure) -> list[_Figure]:
    return [narrower if figure.column.heading == narrower.column.heading else figure for figure in figures]


def network(facts: Facts, *, width: int, table: int | None = None, style: Style = unstyled, wide: bool = False) -> str:
    """The title, the table and the totals in `width` columns, the table in `table` columns if they are given.

    With `wide`, the table has all columns, whatever their width.
    """
    lines = [*(style(line, "strong") for line in wrapped(visible(facts.graph.title), width)), ""]
    lines += _table(facts, table or width, style, wide=wide)
    for line in _summary(facts):
        lines += wrapped(line, width) or [""]
    return "\n".join(lines)


def _table(facts: Facts, width: int, style: Style, *, wide: bool) -> Iterator[str]:
    form = _widest(facts) if wide else _fitting(facts, width)
    rows = _rows(facts, form.figures)
    # `--wide` asks for all columns, so they are not folded to the terminal.
    headings, *shown = table([f.column for f in form.figures], rows, width=maxsize if wide else width)
    yield from (style(line, "dim") for line in headings)
    inputs = len(facts.graph.inputs)
    for number, lines in enumerate(shown):
        if number == inputs + len(facts.graph.nodes):
            yield from (style(line, "strong") for line in lines)
            break
        yield from lines
        if form.reads_below and number >= inputs:
            for reads in _reads(facts.graph, facts.graph.nodes[number - inputs]):
                yield from (f"  {line}" for line in wrapped(reads, width - 2))
    if not wide:
        yield from wrapped(_hint(form), width)


def _widest(facts: Facts) -> _Form:
    """All columns that have any value."""
    cells = zip(*_rows(facts, _FIGURES), strict=True)
    return _Form([figure for figure, column in zip(_FIGURES, cells, strict=True) if any(column)])


def _fitting(facts: Facts, width: int) -> _Form:
    """The widest form that fits in `width`, or else the narrowest."""
    forms = [*_narrower()]
    fitting = (f for f in forms if least_width([g.column for g in f.figures], _rows(facts, f.figures)) <= width)
    return next(fitting, forms[-1])


def _hint(form: _Form) -> str:
    """How to see the hidden columns, or an empty string if there are none."""
    kept = {figure.column.heading for figure in form.figures}
    omitted = [h for figure in _FIGURES if not figure.wide and (h := figure.column.heading) not in kept]
    arithmetic = " and the arithmetic of sizes" if _BRIEF in form.figures else ""
    return f"columns hidden: {', '.join(omitted)}; show them{arithmetic} with `--wide`" if omitted else ""


def _rows(facts: Facts, figures: Sequence[_Figure]) -> list[list[str]]:
    """The rows of the inputs and the layers, and of the totals if any are shown."""
    rows = [
        *_inputs(facts, figures),
        *([figure.layer(facts, node) for figure in figures] for node in facts.graph.nodes),
    ]
    if any(figure.counted for figure in figures):
        rows.append(["total", *(figure.total(facts) for figure in figures[1:])])
    return rows


def _inputs(facts: Facts, figures: Sequence[_Figure]) -> Iterator[list[str]]:
    for name, tensor in facts.graph.inputs.items():
        cells = {"layer": name, "op": "input", "output": str(tensor)}
        yield [cells.get(figure.column.heading, "") for figure in figures]


def _reads(graph: Graph, node: Node) -> list[str]:
    """The inputs of a layer in words. Empty if it reads only the line above."""
    return [] if node.inputs == (graph.before[node.name],) else [f"from {', '.join(node.inputs)}"]


def _summary(facts: Facts) -> Iterator[str]:
    yield ""
    if facts.shapes.chain:
        sizes = ("×".join(map(str, size if len({*size}) > 1 else size[:1])) for size in facts.shapes.chain)
        yield " → ".join(sizes) + ("" if facts.graph.is_chain else " along the longest path")
    yield f"{facts.counts.parameters:,} parameters, {facts.counts.macs:,} MACs per example"
    if len(facts.graph.outputs) > 1:
        yield f"{len(facts.graph.outputs):,} outputs: {listed(facts.graph.outputs)}"
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
