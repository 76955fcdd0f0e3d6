"""Pieces of a picture, moved, and set beside and below each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from archc.figure.drawing import Drawing, Face, Point

_BETWEEN = 24.0


class Sketch(NamedTuple):
    """A drawing that takes the space from (0, 0) to (width, height)."""

    drawing: Drawing
    width: float
    height: float


def moved(drawing: Drawing, dx: float, dy: float) -> Drawing:
    """The elements of a drawing, to the right and downwards."""

    def move(points: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(Point(x + dx, y + dy) for x, y in points)

    return Drawing(
        drawing.title,
        drawing.description,
        faces=[Face(move(face.points), face.fill) for face in drawing.faces],
        polylines=[replace(line, points=move(line.points)) for line in drawing.polylines],
        texts=[replace(text, x=text.x + dx, y=text.y + dy) for text in drawing.texts],
    )


def add(page: Drawing, piece: Drawing, x: float, y: float) -> None:
    """Put a drawing on a page, with its upper left corner at a point."""
    piece = moved(piece, x, y)
    page.faces += piece.faces
    page.polylines += piece.polylines
    page.texts += piece.texts


def in_lines(sketches: Iterable[Sketch], room: float) -> list[Sketch]:
    """The sketches beside each other, in as many lines as the room needs."""
    return [*_lines(sketches, room)]


def _lines(sketches: Iterable[Sketch], room: float) -> Iterator[Sketch]:
    page, width, height = Drawing("", ""), 0.0, 0.0
    for sketch in sketches:
        if width and width + _BETWEEN + sketch.width > room:
            yield Sketch(page, width, height)
            page, width, height = Drawing("", ""), 0.0, 0.0
        left = width + _BETWEEN if width else 0.0
        add(page, sketch.drawing, left, 0.0)
        width, height = left + sketch.width, max(height, sketch.height)
    if width:
        yield Sketch(page, width, height)
