"""The elements of a picture: faces, lines and texts, with positions in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from archc.figure.lettering import Text

Stroke = Literal["hidden", "kernel", "wire", "exchange", "border"]
Fill = Literal["front", "top", "side", "units", "units_top", "units_side", "closed", "closed_top", "closed_side"]


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Face:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: Fill


@dataclass(frozen=True, slots=True)
class Polyline:
    """A line through points. If `curved`, a Bézier curve with a start, two control points and an end."""

    points: tuple[Point, ...]
    stroke: Stroke
    curved: bool = False
    closed: bool = False
    arrow: bool = False


@dataclass
class Drawing:
    """A picture of `width` × `height` pixels. Screen readers use its title and description."""

    title: str
    description: str
    width: float = 0.0
    height: float = 0.0
    faces: list[Face] = field(default_factory=list[Face])
    polylines: list[Polyline] = field(default_factory=list[Polyline])
    texts: list[Text] = field(default_factory=list[Text])
