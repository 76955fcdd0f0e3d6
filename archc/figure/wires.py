"""The lines of a figure: pyramids from a kernel to the solid that reads through it, and wires between other solids."""

from __future__ import annotations

from archc.figure.columns import Place
from archc.figure.drawing import Drawing, Point, Polyline, Stroke
from archc.figure.layout import TRACK, Layout, Link
from archc.figure.solids import draw_kernel
from archc.ops.window import Window

_APEX = 10.0
_INSIDE = 0.2


def draw_lines(drawing: Drawing, layout: Layout) -> None:
    """Draw all kernels, and all lines between adjacent columns."""
    wires = _Wires(drawing, layout)
    for number, links in enumerate(layout.links):
        ends_row = number > 0 and layout.band(Place("", number)).row.first == number
        if ends_row:
            wires.around(links)
        else:
            for link in links:
                wires.across(link)


class _Wires:
    def __init__(self, drawing: Drawing, layout: Layout) -> None:
        self._drawing = drawing
        self._layout = layout
        self._kernels: dict[tuple[Place, int, int, int], tuple[Point, ...]] = {}
        self._pyramids: set[tuple[tuple[Point, ...], Point]] = set()

    def across(self, link: Link) -> None:
        """Draw a line to the next column of the same row."""
        stroke = _stroke(link)
        if self._layout.is_plain:
            self._straight(link, stroke)
            return
        start, end = self._start(link, stroke), self._end(link)
        left, right = self._layout.right(link.source.column), self._layout.left(link.target.column)
        middle = (left + right) / 2
        out, into = Point(left, start.y), Point(right, end.y)
        if start.x < left:
            self._line(start, out, stroke=stroke)
        curve = (out, Point(middle, out.y), Point(middle, into.y), into)
        self._drawing.polylines.append(Polyline(curve, stroke, curved=True))
        self._line(into, end, stroke=stroke, arrow=not self._layout.columned.is_wire(link.target))

    def around(self, links: list[Link]) -> None:
        """Draw the lines from the end of a row to the start of the next, around both, each on its own track."""
        layout = self._layout
        ends = {link: (self._start(link, _stroke(link)), self._end(link)) for link in links}
        ordered = sorted(links, key=lambda link: (ends[link][0].y, ends[link][1].y))
        tracks = list(dict.fromkeys(map(Link.track, ordered)))
        channel = layout.band(links[0].source).bottom + TRACK
        # Captions may extend this far beyond the columns.
        beyond = layout.gap / 2
        for link in ordered:
            start, end = ends[link]
            inside = tracks.index(link.track())
            outside = len(tracks) - 1 - inside
            # So that no two cross, the topmost line is the outermost on the right, the lowest between the rows, and the
            # innermost on the left.
            right = layout.right(link.source.column) + beyond + TRACK * outside
            left, down = -beyond - TRACK * inside, channel + TRACK * outside
            corners = (Point(right, start.y), Point(right, down), Point(left, down), Point(left, end.y))
            arrow = not layout.columned.is_wire(link.target)
            self._line(start, *corners, end, stroke=_stroke(link), arrow=arrow)

    def _straight(self, link: Link, stroke: Stroke) -> None:
        """Draw a line as the paper does: a pyramid from a kernel, a frame for a dense layer, otherwise an arrow."""
        shape = self._layout.solids[link.source.name]
        origin = self._layout.origin(link.source, link.source_tower)
        end = self._end(link)
        if window := self._window(link):
            inside = Point(end.x + self._layout.solids[link.target.name].depth * _INSIDE, end.y)
            for corner in self._kernel(link.source, link.source_tower, window):
                self._line(corner, inside, stroke=stroke)
        elif not self._layout.solids[link.target.name].is_maps and self._layout.boxes[link.target.name].parts:
            target = self._layout.solids[link.target.name]
            top = self._layout.origin(link.target, link.target_tower)
            self._line(shape.side(origin, 1, 0), top, stroke=stroke)
            self._line(shape.side(origin, 1, 1), Point(top.x, top.y + target.height), stroke=stroke)
        else:
            self._line(shape.exit(origin), end, stroke=stroke, arrow=True)

    def _start(self, link: Link, stroke: Stroke) -> Point:
        """The start of a line: the apex of a kernel's pyramid, the side of a solid, or the end of a wire."""
        place, tower = link.source, link.source_tower
        if self._layout.columned.is_wire(place):
            return Point(self._layout.right(place.column), self._layout.line(place, tower))
        origin, shape = self._layout.origin(place, tower), self._layout.solids[place.name]
        window = self._window(link)
        if window is None:
            return shape.exit(origin)
        apex = Point(origin.x + shape.depth + shape.slant + _APEX, shape.exit(origin).y)
        near = self._kernel(place, tower, window)
        if (near, apex) not in self._pyramids:
            self._pyramids.add((near, apex))
            for corner in near:
                self._line(corner, apex, stroke="wire")
        return apex

    def _end(self, link: Link) -> Point:
        y = self._layout.line(link.target, link.target_tower)
        if self._layout.columned.is_wire(link.target):
            return Point(self._layout.right(link.target.column), y)
        return Point(self._layout.origin(link.target, link.target_tower).x, y)

    def _window(self, link: Link) -> Window | None:
        """The window through which the target reads, if it has one."""
        box = self._layout.boxes[link.target.name]
        node = box.parts[0].layer if box.parts else None
        if self._layout.columned.is_wire(link.target) or node is None:
            return None
        return node.op.window(self._layout.graph.tensors(node.inputs))

    def _kernel(self, place: Place, tower: int, window: Window) -> tuple[Point, ...]:
        key = place, tower, window.vertical.f, window.horizontal.f
        if key not in self._kernels:
            origin = self._layout.origin(place, tower)
            self._kernels[key] = draw_kernel(self._drawing, self._layout.solids[place.name], origin, window)
        return self._kernels[key]

    def _line(self, *points: Point, stroke: Stroke, arrow: bool = False) -> None:
        self._drawing.polylines.append(Polyline(points, stroke, arrow=arrow))


def _stroke(link: Link) -> Stroke:
    return "exchange" if link.exchange else "wire"
