"""A network drawn like figure 2 of the AlexNet paper: blocks to scale, kernels, towers and their exchanges."""

from __future__ import annotations

from dataclasses import replace

from archc.figure import TooLarge
from archc.figure.blocks import Block, blocks
from archc.figure.columns import Place, places
from archc.figure.drawing import Drawing, Face, Point, Polyline
from archc.figure.layout import Layout, layout
from archc.figure.lettering import Text, folded, height
from archc.figure.solids import draw_solid
from archc.figure.towers import Towers, towers
from archc.figure.wires import draw_lines
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible

MOST_PARTS = 5_000
"""The limit of blocks, lines and wires in all towers. Larger pictures are unreadable."""

_MARGIN = 24.0
_NARROWEST = 420.0
_SAMPLE = 26.0
_SCALE = "Drawn to scale: each length is proportional to the square root of its size."


def draw(graph: Graph, placement: Placement | None) -> Drawing:
    """The figure of a network. Raises TooLarge."""
    found = blocks(graph)
    shown = towers(graph, placement)
    parts = shown.shown * (places(found) + sum(len(block.reads) for block in found))
    if parts > MOST_PARTS:
        raise TooLarge("blocks and lines", found=parts, most=MOST_PARTS)
    plan = layout(graph, found, shown)
    drawing = Drawing(visible(graph.title), _description(found, shown))
    for column in plan.columned.columns:
        for place in column:
            if not plan.columned.is_wire(place):
                _draw_block(drawing, plan, place)
    draw_lines(drawing, plan)
    _draw_towers(drawing, plan)
    return _framed(drawing, plan)


def _draw_block(drawing: Drawing, plan: Layout, place: Place) -> None:
    shape = plan.solids[place.name]
    middle = (plan.left(place.column) + plan.right(place.column)) / 2
    for tower in range(1 if plan.is_single(place) else plan.towers.shown):
        draw_solid(drawing, shape, plan.origin(place, tower))
        if not plan.is_plain:
            under = plan.line(place, tower) + plan.extents[place][1] - plan.caption_height(place.name)
            _draw_caption(drawing, plan, place.name, Point(middle, under))
    if plan.is_plain:
        _draw_caption(drawing, plan, place.name, Point(middle, plan.band(place).captions))


def _draw_caption(drawing: Drawing, plan: Layout, name: str, top: Point) -> None:
    y = top.y
    for line in plan.captions[name]:
        drawing.texts.append(Text(top.x, y, line.text, line.style, "middle"))
        y += height(line.style)


def _draw_towers(drawing: Drawing, plan: Layout) -> None:
    """Draw the number of each device above its tower, and a border between towers."""
    if plan.towers.shown == 1:
        return
    for band in plan.bands:
        first = band.row.first + (1 if band.row.first == 0 and band.row.last > 0 else 0)
        left, right = plan.left(first), plan.right(band.row.last)
        # Numbers are above the fronts of the solids, where no line arrives from the left.
        fronts = [plan.origin(place, 0).x for place in plan.columned.columns[first] if not plan.columned.is_wire(place)]
        for tower in range(plan.towers.shown):
            top = band.top + tower * band.pitch - height("note") - 2
            drawing.texts.append(Text(min(fronts, default=left), top, f"device {tower + 1}", "note"))
            if tower:
                drawing.polylines.append(Polyline((Point(left, top - 5), Point(right, top - 5)), "border"))


def _framed(drawing: Drawing, plan: Layout) -> Drawing:
    """The drawing centred on its page, with the title above it and the notes below it."""
    lefts = [point.x for line in drawing.polylines for point in line.points]
    least = min([0.0, *lefts]) - plan.gap / 2
    most = max([0.0, *lefts, *(plan.right(band.row.last) for band in plan.bands)]) + plan.gap / 2
    width = max(most - least, _NARROWEST)
    title = folded(drawing.title, "title", width)
    top = _MARGIN + len(title) * height("title") + 12
    moved = _moved(drawing, _MARGIN - least + (width - (most - least)) / 2, top)
    for number, line in enumerate(title):
        moved.texts.append(Text(_MARGIN, _MARGIN + number * height("title"), line, "title"))
    bottom = top + plan.bands[-1].bottom + 16
    if plan.towers.shown > 1:
        middle = bottom + height("note") / 2
        moved.polylines.append(Polyline((Point(_MARGIN, middle), Point(_MARGIN + _SAMPLE, middle)), "exchange"))
    notes = [(note, indent) for note, indent in _notes(plan) if note]
    for note, indent in notes:
        for line in folded(note, "note", width - indent):
            moved.texts.append(Text(_MARGIN + indent, bottom, line, "note"))
            bottom += height("note")
    moved.width, moved.height = width + 2 * _MARGIN, bottom + _MARGIN - 8
    return moved


def _notes(plan: Layout) -> list[tuple[str, float]]:
    return [(plan.towers.note, _SAMPLE + 6 if plan.towers.shown > 1 else 0.0), (_SCALE, 0.0)]


def _moved(drawing: Drawing, dx: float, dy: float) -> Drawing:
    def move(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(Point(x + dx, y + dy) for x, y in points)

    return Drawing(
        drawing.title,
        drawing.description,
        faces=[Face(move(face.points), face.fill) for face in drawing.faces],
        polylines=[replace(line, points=move(line.points)) for line in drawing.polylines],
        texts=[replace(text, x=text.x + dx, y=text.y + dy) for text in drawing.texts],
    )


def _description(blocks: tuple[Block, ...], towers: Towers) -> str:
    """The description of the figure for screen readers."""
    sentences = [_described(block) for block in blocks]
    return " ".join([f"{'; '.join(sentences)}.", *([towers.note] if towers.note else []), _SCALE])


def _described(block: Block) -> str:
    layers = ", ".join(node.name for node in block.layers[1:])
    reads = f" from {', '.join(block.reads)}" if block.reads else ""
    return f"{block.name}, {block.tensor}{reads}" + (f", then {layers}" if layers else "")
