"""A network drawn like figure 2 of the AlexNet paper: boxes to scale, kernels, towers and their exchanges.

Blocks are closed boxes, and the inside of each is drawn once, below the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archc.figure import TooLarge
from archc.figure.boxes import Box, boxes
from archc.figure.columns import Place, places
from archc.figure.drawing import Drawing, Point, Polyline
from archc.figure.layout import ROOM, Layout, layout
from archc.figure.lettering import Text, bound, folded, height
from archc.figure.panels import panels
from archc.figure.sketches import Sketch, add, in_lines, moved
from archc.figure.solids import draw_solid, scale
from archc.figure.towers import Towers, towers
from archc.figure.wires import draw_lines
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible

MOST_PARTS = 5_000
"""The limit of boxes, lines and wires in all towers. Larger pictures are unreadable."""

_MARGIN = 24.0
_NARROWEST = 420.0
_SAMPLE = 26.0
_UNDER_HEADING = 10.0
_ABOVE_INSIDES = 8.0
_SCALE = "Drawn to scale: each length is proportional to the square root of its size."


def draw(graph: Graph, placement: Placement | None, opened: Iterable[str] = ()) -> Drawing:
    """The figure of a network: its outline, and below it the inside of each closed block. Raises TooLarge."""
    shown = panels(graph, opened)
    found = [boxes(panel.graph, panel.parts) for panel in shown]
    devices = [towers(graph, placement), *(towers(panel.graph, None) for panel in shown[1:])]
    _check_size(found, devices)
    measure = scale(device.tensor(box) for some, device in zip(found, devices, strict=True) for box in some)
    plans = [
        layout(panel.graph, some, device, measure) for panel, some, device in zip(shown, found, devices, strict=True)
    ]
    description = [_description(found[0], devices[0])]
    description += [f"{panel.title}: {_sentence(some)}" for panel, some in zip(shown[1:], found[1:], strict=True)]
    drawing = Drawing(visible(graph.title), " ".join([*description, _SCALE]))
    insides = [_headed(_sketched(plan), panel.title) for plan, panel in zip(plans[1:], shown[1:], strict=True)]
    return _framed(drawing, _sketched(plans[0]), plans[0], insides)


def _check_size(found: Sequence[tuple[Box, ...]], devices: Sequence[Towers]) -> None:
    parts = sum(
        device.shown * (places(some) + sum(len(box.reads) for box in some))
        for some, device in zip(found, devices, strict=True)
    )
    if parts > MOST_PARTS:
        raise TooLarge("boxes and lines", found=parts, most=MOST_PARTS)


def _sketched(plan: Layout) -> Sketch:
    """A panel without its surroundings."""
    drawing = Drawing("", "")
    for column in plan.columned.columns:
        for place in column:
            if not plan.columned.is_wire(place):
                _draw_box(drawing, plan, place)
    draw_lines(drawing, plan)
    _draw_towers(drawing, plan)
    lefts = [point.x for line in drawing.polylines for point in line.points]
    left = min([0.0, *lefts]) - plan.gap / 2
    right = max([0.0, *lefts, *(plan.right(band.row.last) for band in plan.bands)]) + plan.gap / 2
    return Sketch(moved(drawing, -left, 0.0), right - left, plan.bands[-1].bottom)


def _headed(sketch: Sketch, title: str) -> Sketch:
    """A panel under its title."""
    title = visible(title)
    drawing = moved(sketch.drawing, 0.0, height("name") + _UNDER_HEADING)
    drawing.texts.append(Text(0.0, 0.0, title, "name"))
    width = max(sketch.width, bound(title, "name"))
    return Sketch(drawing, width, sketch.height + height("name") + _UNDER_HEADING)


def _draw_box(drawing: Drawing, plan: Layout, place: Place) -> None:
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


def _framed(page: Drawing, sketch: Sketch, plan: Layout, insides: Sequence[Sketch]) -> Drawing:
    """The page with its title, the sketch of the network below it, the notes, and then the insides of blocks."""
    rows = in_lines(insides, max(sketch.width, ROOM))
    width = max(sketch.width, _NARROWEST, *(row.width for row in rows))
    top = _MARGIN
    for line in folded(page.title, "title", width):
        page.texts.append(Text(_MARGIN, top, line, "title"))
        top += height("title")
    top += 12
    add(page, sketch.drawing, _MARGIN + (width - sketch.width) / 2, top)
    top += sketch.height + 16
    for row in rows:
        top += _ABOVE_INSIDES
        add(page, row.drawing, _MARGIN, top)
        top += row.height + 16
    if plan.towers.shown > 1:
        middle = top + height("note") / 2
        page.polylines.append(Polyline((Point(_MARGIN, middle), Point(_MARGIN + _SAMPLE, middle)), "exchange"))
    for note, indent in _notes(plan):
        for line in folded(note, "note", width - indent) if note else ():
            page.texts.append(Text(_MARGIN + indent, top, line, "note"))
            top += height("note")
    page.width, page.height = width + 2 * _MARGIN, top + _MARGIN - 8
    return page


def _notes(plan: Layout) -> list[tuple[str, float]]:
    return [(plan.towers.note, _SAMPLE + 6 if plan.towers.shown > 1 else 0.0), (_SCALE, 0.0)]


def _description(boxes: Iterable[Box], towers: Towers) -> str:
    """The description of the figure for screen readers."""
    return " ".join([_sentence(boxes), *([towers.note] if towers.note else [])])


def _sentence(boxes: Iterable[Box]) -> str:
    return f"{'; '.join(map(_described, boxes))}."


def _described(box: Box) -> str:
    layers = ", ".join(part.name for part in box.parts[1:])
    reads = f" from {', '.join(box.reads)}" if box.reads else ""
    kinds = f" ({box.parts[0].kinds})" if box.is_closed else ""
    return f"{box.title}{kinds}, {box.tensor}{reads}" + (f", then {layers}" if layers else "")
