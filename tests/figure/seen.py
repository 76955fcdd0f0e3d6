"""An SVG file as a viewer shows it: boxes of text, faces and lines, read from the markup alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

from dejavu import width

NAMESPACE = "{http://www.w3.org/2000/svg}"
# Of DejaVu Sans, in the font's size.
_ASCENT, _DESCENT = 0.76, 0.24
# A tenth of a pixel is what the file rounds to.
TOLERANCE = 0.15


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    text: str

    def overlaps(self, other: Box) -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > TOLERANCE
            and min(self.bottom, other.bottom) - max(self.top, other.top) > TOLERANCE
        )

    @property
    def corners(self) -> list[tuple[float, float]]:
        return [(self.left, self.top), (self.right, self.top), (self.right, self.bottom), (self.left, self.bottom)]


Polygon = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Picture:
    title: str
    description: str
    width: float
    height: float
    texts: list[Box]
    faces: list[Polygon]
    lines: list[Polygon]
    exchanges: int
    """The number of lines in the style of exchanges, including the sample beside the note."""

    @property
    def words(self) -> list[str]:
        return [box.text for box in self.texts]


def read(svg: str) -> Picture:
    root = ElementTree.fromstring(svg)
    title, description = root.findtext(f"{NAMESPACE}title"), root.findtext(f"{NAMESPACE}desc")
    assert title is not None and description is not None
    groups = root.findall(f"{NAMESPACE}g")
    lettering = [group for group in groups if group.get("font-family")]
    faces = [face for face in root.iter(f"{NAMESPACE}polygon") if face.get("fill") and not face.get("stroke")]
    lines = [group for group in groups if group.get("fill") == "none"]
    dashed = [group for group in lines if group.get("stroke-dasharray") == "4 2"]
    return Picture(
        title,
        description,
        float(root.attrib["width"]),
        float(root.attrib["height"]),
        [box for group in lettering for style in group for box in _boxes(style)],
        [_points(face.attrib["points"]) for face in faces],
        [line for group in lines for line in _lines(group)],
        sum(1 for group in dashed for _ in group.findall("*") if _.tag != f"{NAMESPACE}polygon"),
    )


def _boxes(style: ElementTree.Element) -> Iterator[Box]:
    size, bold = float(style.attrib["font-size"]), style.get("font-weight") == "bold"
    for element in style:
        text = element.text or ""
        long = float(element.attrib["textLength"]) if "textLength" in element.attrib else width(text, size, bold=bold)
        x, y = float(element.attrib["x"]), float(element.attrib["y"])
        left = x - {"start": 0, "middle": long / 2, "end": long}[element.get("text-anchor", "start")]
        yield Box(left, y - _ASCENT * size, left + long, y + _DESCENT * size, text)


def _lines(group: ElementTree.Element) -> Iterator[Polygon]:
    for element in group:
        if element.tag == f"{NAMESPACE}path":
            yield _curve(_points(element.attrib["d"].translate(str.maketrans("MC", "  "))))
        elif element.tag == f"{NAMESPACE}polyline":
            yield _points(element.attrib["points"])


def _curve(handles: Polygon) -> Polygon:
    """A cubic Bézier curve as a polyline."""
    (a, b), (c, d), (e, f), (g, h) = handles
    steps = [n / 32 for n in range(33)]
    return [
        tuple(
            (1 - t) ** 3 * p + 3 * (1 - t) ** 2 * t * q + 3 * (1 - t) * t * t * r + t**3 * s
            for p, q, r, s in ((a, c, e, g), (b, d, f, h))
        )  # pyright: ignore[reportReturnType]
        for t in steps
    ]


def _points(text: str) -> Polygon:
    numbers = [float(number) for number in text.replace(",", " ").split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def overlap(one: Polygon, other: Polygon) -> bool:
    """Whether two convex polygons overlap: no side of either separates them."""
    for axis in (0, 1):  # most are far apart
        a, b = [point[axis] for point in one], [point[axis] for point in other]
        if max(a) < min(b) or max(b) < min(a):
            return False
    for polygon in (one, other):
        for (x0, y0), (x1, y1) in pairwise([*polygon, polygon[0]]):
            nx, ny = y0 - y1, x1 - x0
            length = (nx * nx + ny * ny) ** 0.5
            if not length:
                continue
            a = [(nx * x + ny * y) / length for x, y in one]
            b = [(nx * x + ny * y) / length for x, y in other]
            if min(max(a), max(b)) - max(min(a), min(b)) <= TOLERANCE:
                return False
    return True


def crosses(line: Polygon, box: Box) -> bool:
    """Whether a polyline goes through a box."""
    return any(overlap([start, end], box.corners) for start, end in pairwise(line))
