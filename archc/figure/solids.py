"""A tensor as a solid in cabinet projection: the size of its maps, with their number as depth. Units are a thin bar.

Lengths are proportional to the square root of the sizes, so that both 227 pixels and 6 are legible at one scale.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

from archc.figure.drawing import Drawing, Face, Fill, Point, Polyline
from archc.figure.lettering import Text, bound, height
from archc.ops.window import Window
from archc.tensor import Tensor

_SIDE, _DEPTH = 10.0, 3.0
_LONGEST_SIDE, _LONGEST_DEPTH = 150.0, 140.0
_SHORTEST = 3.0
_BAR = 8.0
_SLANT = 0.36
"""The drawn share of a map's width, to the right and upwards."""
_LINE = 0.42
"""The point where lines meet a solid, as a share of its height from the top."""
_LOWEST = 0.9
_LEAST_KERNEL = 5.0
_NEAR = 3.0
_MAPS: tuple[Fill, ...] = ("front", "top", "side")
_UNITS: tuple[Fill, ...] = ("units", "units_top", "units_side")
_CLOSED: tuple[Fill, ...] = ("closed", "closed_top", "closed_side")


class Scale(NamedTuple):
    """Pixels for the square root of a size."""

    side: float
    depth: float


def scale(tensors: Iterable[Tensor]) -> Scale:
    """The common scale for all tensors."""
    tensors = list(tensors)
    side = max((max(t.shape[1:]) for t in tensors if t.places > 1), default=1)
    depth = max(t.channels for t in tensors)
    return Scale(min(_SIDE, _LONGEST_SIDE / sqrt(side)), min(_DEPTH, _LONGEST_DEPTH / sqrt(depth)))


class Label(NamedTuple):
    """The text of a size. Its position is relative to the top left corner of the solid's front."""

    x: float
    y: float
    text: str

    @property
    def right(self) -> float:
        return self.x + bound(self.text, "size")

    @property
    def bottom(self) -> float:
        return self.y + height("size")


@dataclass(frozen=True, slots=True)
class Solid:
    """A box with labelled sizes. Its front has `depth` × `height` pixels, and its sides recede by `slant` pixels."""

    is_maps: bool
    depth: float
    height: float
    slant: float
    labels: tuple[Label, ...]
    is_closed: bool = False
    """Whether it is a block or a stage, which have a colour of their own."""

    @property
    def left(self) -> float:
        """The space that it takes to the left of its front."""
        return max(0.0, -min(label.x for label in self.labels))

    @property
    def right(self) -> float:
        """The space that it takes to the right of its front's left edge."""
        return max(self.depth + self.slant, *(label.right for label in self.labels))

    @property
    def above(self) -> float:
        """The space that it takes above its line."""
        return self.slant + self.line

    @property
    def below(self) -> float:
        """The space that it takes below its line."""
        return max(self.height, *(label.bottom for label in self.labels)) - self.line

    @property
    def line(self) -> float:
        """The distance from the top of its front to the point where lines arrive."""
        return self.height * _LINE

    def side(self, origin: Point, along: float, down: float) -> Point:
        """A point on the right side, given as shares of the side's width and height."""
        return Point(origin.x + self.depth + along * self.slant, origin.y - along * self.slant + down * self.height)

    @property
    def down(self) -> float:
        """The share of the right side's height at which the middle of its width is level with the line."""
        return min(_LINE + self.slant / 2 / self.height, _LOWEST)

    def exit(self, origin: Point) -> Point:
        """The point where lines leave."""
        return self.side(origin, 0.5, self.down)


def solid(tensor: Tensor, scale: Scale, *, is_closed: bool = False) -> Solid:
    """The solid of a tensor. Its sizes are labelled as in the paper, beside its height, width and depth."""
    if not tensor.is_maps and not tensor.is_sequence:
        tall = max(scale.depth * sqrt(tensor.channels), _SHORTEST)
        slant = _BAR * 0.6
        units = str(tensor)
        label = Label((_BAR - bound(units, "size")) / 2, tall + _NEAR, units)
        return Solid(False, _BAR, tall, slant, (label,), is_closed)
    deep = max(scale.depth * sqrt(tensor.channels), _SHORTEST)
    # A sequence is a flat solid: a row of positions, with its channels as depth.
    rows, columns = (tensor.height, tensor.width) if tensor.is_maps else (1, tensor.length)
    tall = max(scale.side * sqrt(rows), _SHORTEST)
    slant = max(scale.side * sqrt(columns), _SHORTEST) * _SLANT
    high, wide, maps = str(rows), str(columns), str(tensor.channels)
    # Both labels are below the line, where lines arrive and leave.
    least = tall * _LINE + _NEAR
    at_height = Label(-_NEAR - bound(high, "size"), max(tall - height("size"), least), high)
    at_width = Label(deep + slant / 2 + _NEAR, max(tall - slant / 2 + _NEAR / 2, least), wide)
    beside = bound(maps, "size") + _NEAR < at_width.x
    under = tall if beside else max(tall, at_width.bottom)
    at_depth = Label(max((deep - bound(maps, "size")) / 2, 0.0), under + 1, maps)
    sizes = (at_height, at_width, at_depth) if tensor.is_maps else (at_width, at_depth)
    return Solid(True, deep, tall, slant, sizes, is_closed)


def draw_solid(drawing: Drawing, solid: Solid, origin: Point) -> None:
    """Draw the three visible faces and the sizes. `origin` is the top left corner of the front."""
    d, h, s = solid.depth, solid.height, solid.slant
    x, y = origin
    front = (Point(x, y), Point(x + d, y), Point(x + d, y + h), Point(x, y + h))
    top = (Point(x, y), Point(x + s, y - s), Point(x + d + s, y - s), Point(x + d, y))
    side = (Point(x + d, y), Point(x + d + s, y - s), Point(x + d + s, y + h - s), Point(x + d, y + h))
    fills = _CLOSED if solid.is_closed else _MAPS if solid.is_maps else _UNITS
    drawing.faces += map(Face, (front, top, side), fills)
    drawing.texts += [Text(x + label.x, y + label.y, label.text, "size") for label in solid.labels]


def draw_kernel(drawing: Drawing, solid: Solid, origin: Point, window: Window) -> tuple[Point, ...]:
    """Draw the window as a small box through all maps. Returns the corners of its end on the right side."""
    along = _share(window.horizontal.f / window.horizontal.n, solid.slant)
    down = _share(window.vertical.f / window.vertical.n, solid.height)
    u, v = 0.5 - along / 2, min(max(solid.down - down / 2, 0.0), 1.0 - down)
    corners = ((u, v), (u + along, v), (u + along, v + down), (u, v + down))
    near = tuple(solid.side(origin, *corner) for corner in corners)
    far = tuple(Point(x - solid.depth, y) for x, y in near)
    drawing.polylines.append(Polyline(far, "hidden", closed=True))
    drawing.polylines += [Polyline(pair, "hidden") for pair in zip(far, near, strict=True)]
    drawing.polylines.append(Polyline(near, "kernel", closed=True))
    return near


def _share(share: float, length: float) -> float:
    """The share of a side that a window covers, at least large enough to be visible."""
    return min(max(share, _LEAST_KERNEL / length), 1.0)
