"""The layer table of a network with its totals, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import maxsize
from typing import TYPE_CHECKING, NamedTuple

from archc.analysis import Facts
from archc.diagnostics.text import Style, unstyled
from archc.graph import Graph
from archc.outline import Part, outline, summed_up
from archc.passes.counts import LayerCounts
from archc.passes.placement import Placement
from archc.report.table import Column, least_width, table
from archc.wording import counted, in_units, listed, visible, wrapped

if TYPE_CHECKING:
    from archc.ops.fields import Size
    from archc.passes.free_sizes import FreeSizes
    from archc.passes.receptive import ReceptiveField


@dataclass(frozen=True)
class _Figure:
    """A column of the table. `of` gives the cell of a row; `counted` gives a count of a layer, which a row sums up."""

    column: Column
    of: Callable[[Facts, _Row], str] | None = None
    counted: Callable[[LayerCounts], int] | None = None
    wide: bool = False
    """Shown only with `--wide`."""

    def cell(self, facts: Facts, row: _Row) -> str:
        return self.of(facts, row) if self.of else self._figure(facts.counts.layers[n.name] for n in row.part.nodes)

    def total(self, facts: Facts) -> str:
        return self._figure([facts.counts])

    def _figure(self, counts: Iterable[LayerCounts]) -> str:
        found = sum(map(self.counted, counts)) if self.counted else 0
        return f"{found:,}" if found else ""


class _Row(NamedTuple):
    """A row of the table. `reads` are the names of its inputs, if those are not just the line above."""

    part: Part
    reads: Sequence[str]

    @property
    def op(self) -> str:
        layer = self.part.layer
        return layer.op.op if layer else self.part.kinds

    @property
    def reading(self) -> list[str]:
        """Its inputs in words."""
        return [f"from {', '.join(self.reads)}"] if self.reads else []


def _window(_: Facts, row: _Row) -> str:
    return row.part.layer.summary if row.part.layer else counted(len(row.part.nodes), "layer")


def _arithmetic(facts: Facts, row: _Row) -> str:
    window = facts.shapes.windows.get(row.part.layer.name) if row.part.layer else None
    return window.arithmetic if window else _sizes(facts, row)


def _sizes(facts: Facts, row: _Row) -> str:
    """The sizes before and after: of a layer with a window, or of closed layers that change them."""
    if row.part.layer:
        window = facts.shapes.windows.get(row.part.layer.name)
        return window.sizes if window else ""
    before, after = (t.shape[1:] for t in (facts.graph.tensor(row.part.inputs[0]), row.part.output.output))
    if before == after or not (before and after):
        return ""
    squares = len({*before}) == len({*after}) == 1
    return " → ".join(str(size[0]) if squares else " × ".join(map(str, size)) for size in (before, after))


def _field(shown: Callable[[ReceptiveField], Size | None]) -> Callable[[Facts, _Row], str]:
    def of(facts: Facts, row: _Row) -> str:
        field = facts.receptive_fields[row.part.output.name]
        size = None if field is None else shown(field)
        is_row = not any(x.is_maps for x in facts.graph.inputs.values())
        return "" if size is None else str(size.width if is_row else size)

    return of


_FIGURES = (
    _Figure(Column("layer"), lambda _, row: row.part.name),
    _Figure(Column("op"), lambda _, row: " ".join([row.op, *row.reading])),
    _Figure(Column("window", least=16), _window),
    _Figure(Column("size"), _arithmetic),
    _Figure(Column("output"), lambda _, row: str(row.part.output.output)),
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
_READS_BELOW = _Figure(Column("op", least=16), lambda _, row: row.op)
_BRIEF = _Figure(Column("size"), _sizes)
_FOLDED = _Figure(Column("window", least=12), _window)


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

    With `wide`, the table has all columns, whatever their width, and the layers of all blocks.
    """
    lines = [*(style(line, "strong") for line in wrapped(visible(facts.graph.title), width)), ""]
    parts = outline(facts.graph)
    shown = outline(facts.graph, facts.graph.scopes) if wide else parts
    lines += _table(facts, _rows(facts.graph, shown), table or width, style, wide=wide)
    for line in _summary(facts, parts):
        lines += wrapped(line, width) or [""]
    return "\n".join(lines)


def _rows(graph: Graph, parts: Iterable[Part]) -> list[_Row]:
    """A row for each part, which calls the values that it reads as the other rows do."""
    rows: list[_Row] = []
    names: dict[str, str] = {}
    (*_, above) = graph.inputs
    for part in parts:
        reads = part.inputs
        rows.append(_Row(part, () if reads == (above,) else [names.get(name, name) for name in reads]))
        above = part.output.name
        names[above] = part.path
    return rows


def _table(facts: Facts, rows: Sequence[_Row], width: int, style: Style, *, wide: bool) -> Iterator[str]:
    form = _widest(facts, rows) if wide else _fitting(facts, rows, width)
    cells = _cells(facts, rows, form.figures)
    # `--wide` asks for all columns, so they are not folded to the terminal.
    headings, *shown = table([f.column for f in form.figures], cells, width=maxsize if wide else width)
    yield from (style(line, "dim") for line in headings)
    inputs = len(facts.graph.inputs)
    for number, lines in enumerate(shown):
        if number == inputs + len(rows):
            yield from (style(line, "strong") for line in lines)
            break
        yield from lines
        if form.reads_below and number >= inputs:
            for reads in rows[number - inputs].reading:
                yield from (f"  {line}" for line in wrapped(reads, width - 2))
    if not wide:
        yield from wrapped(_hint(form, has_closed=any(row.part.blocks for row in rows)), width)


def _widest(facts: Facts, rows: Sequence[_Row]) -> _Form:
    """All columns that have any value."""
    columns = zip(*_cells(facts, rows, _FIGURES), strict=True)
    return _Form([figure for figure, cells in zip(_FIGURES, columns, strict=True) if any(cells)])


def _fitting(facts: Facts, rows: Sequence[_Row], width: int) -> _Form:
    """The widest form that fits in `width`, or else the narrowest."""
    forms = [*_narrower()]
    fitting = (
        form
        for form in forms
        if least_width([f.column for f in form.figures], _cells(facts, rows, form.figures)) <= width
    )
    return next(fitting, forms[-1])


def _hint(form: _Form, *, has_closed: bool) -> str:
    """How to see the hidden columns and layers, or an empty string if there are none."""
    kept = {figure.column.heading for figure in form.figures}
    omitted = [h for figure in _FIGURES if not figure.wide and (h := figure.column.heading) not in kept]
    arithmetic = " and the arithmetic of sizes" if _BRIEF in form.figures else ""
    hidden = f"columns hidden: {', '.join(omitted)}; show them{arithmetic} with `--wide`" if omitted else ""
    if not has_closed:
        return hidden
    return f"{hidden}, which opens blocks too" if hidden else "blocks are closed; open them with `--wide`"


def _cells(facts: Facts, rows: Sequence[_Row], figures: Sequence[_Figure]) -> list[list[str]]:
    """The cells of the inputs and the layers, and of the totals if any are shown."""
    found = [*_inputs(facts, figures), *([figure.cell(facts, row) for figure in figures] for row in rows)]
    if any(figure.counted for figure in figures):
        found.append(["total", *(figure.total(facts) for figure in figures[1:])])
    return found


def _inputs(facts: Facts, figures: Sequence[_Figure]) -> Iterator[list[str]]:
    for name, tensor in facts.graph.inputs.items():
        cells = {"layer": name, "op": "input", "output": str(tensor)}
        yield [cells.get(figure.column.heading, "") for figure in figures]


def _summary(facts: Facts, parts: Sequence[Part]) -> Iterator[str]:
    yield ""
    if facts.shapes.chain:
        sizes = ("×".join(map(str, size if len({*size}) > 1 else size[:1])) for size in facts.shapes.chain)
        yield " → ".join(sizes) + ("" if facts.graph.is_chain else " along the longest path")
    if facts.free:
        yield _free(facts.free)
    yield f"{facts.counts.parameters:,} parameters, {facts.counts.macs:,} MACs per example"
    if len(facts.graph.outputs) > 1:
        yield f"{len(facts.graph.outputs):,} outputs: {listed(facts.graph.outputs)}"
    if facts.graph.nodes:
        yield _memory(facts)
    if facts.held.count:
        yield _held(facts, parts)
    if facts.placement is not None:
        yield exchanges(facts.placement, parts)


def _free(free: FreeSizes) -> str:
    """The sizes that an input may have, and those at which all figures are given."""
    steps = {axis.symbol: f" in steps of {axis.step}" if axis.step > 1 else "" for axis in free.axes}
    axes = [f"{axis.symbol} from {axis.first}{steps[axis.symbol]}" for axis in free.axes]
    usual = [f"{axis.symbol} = {axis.usual}" for axis in free.axes]
    return f"free sizes: {', '.join(axes)}; figures are for {', '.join(usual)}"


def _memory(facts: Facts) -> str:
    step, devices = facts.step_memory, facts.placement.devices if facts.placement else 1
    each = f" on each of {devices} devices" if devices > 1 else ""
    training = f"{in_units(step.peak)} for training (peak at {step.peak_layer})"
    inference = f"{in_units(facts.inference_memory.peak)} for inference"
    return f"memory at batch {facts.recipe.batch:,}{each}: {training}, {inference}"


def _held(facts: Facts, parts: Sequence[Part]) -> str:
    held = facts.held
    shapes = [f"shapes of {', '.join(summed_up(parts, held.layers))}"] if held.layers else []
    totals = [{"macs": "MACs"}.get(total, total) for total in held.totals]
    phrases = [*shapes, *([", ".join(totals)] if totals else [])]
    return f"{counted(held.count, 'expectation')} met: {'; '.join(phrases)}"


def exchanges(placement: Placement, parts: Sequence[Part] = ()) -> str:
    """The layers before which the devices exchange maps, in one line. Several in one closed part are summed up."""
    heading = f"on {counted(placement.devices, 'device')}, split by {placement.strategy}"
    if not placement.exchanges:
        return f"{heading}: no maps are exchanged"
    verbs = {"gather": "maps are gathered", "halo": "a halo is exchanged", "redistribute": "maps are redistributed"}
    layers = {kind: [e.layer for e in placement.exchanges if e.kind == kind] for kind in verbs}
    kinds = [f"{verbs[kind]} before {', '.join(summed_up(parts, names))}" for kind, names in layers.items() if names]
    return f"{heading}: {'; '.join(kinds)}"
