"""A drawing as SVG with shapes and text only: no style sheets, scripts or links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from archc.emit.seal import XML, seal
from archc.figure.drawing import Drawing, Face, Fill, Point, Polyline, Stroke
from archc.figure.lettering import FONTS, Text, TextStyle, bound

_FAMILY = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_FILLS: dict[Fill, str] = {
    "front": "#d9e4f0",
    "top": "#edf3f9",
    "side": "#c3d3e5",
    "units": "#f2ddc0",
    "units_top": "#faf0e1",
    "units_side": "#e4c79c",
    "closed": "#d5e8d4",
    "closed_top": "#ebf5ea",
    "closed_side": "#bcd8ba",
}
_INK = "#33475b"
_STROKES: dict[Stroke, str] = {
    "hidden": f'stroke="{_INK}" stroke-width="0.7" stroke-dasharray="1.5 1.5" stroke-opacity="0.8"',
    "kernel": f'stroke="{_INK}" stroke-width="0.9"',
    "wire": f'stroke="{_INK}" stroke-width="0.9"',
    "exchange": f'stroke="{FONTS["exchange"].colour}" stroke-width="0.9" stroke-dasharray="4 2"',
    "border": 'stroke="#b9c2cb" stroke-dasharray="2 4"',
}
_ARROW = 6.0


def svg(drawing: Drawing) -> str:
    """The drawing as a standalone SVG file, sealed."""
    return seal("\n".join(_lines(drawing)) + "\n", XML)


def _lines(drawing: Drawing) -> Iterator[str]:
    width, height = _number(drawing.width), _number(drawing.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title description">'
    )
    yield f'<title id="title">{escape(drawing.title)}</title>'
    yield f'<desc id="description">{escape(drawing.description)}</desc>'
    # A white background, because lines and text are dark and the page may be dark too.
    yield f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>'
    yield f'<g stroke="{_INK}" stroke-width="0.9" stroke-linejoin="round">'
    yield from map(_face, drawing.faces)
    yield "</g>"
    for stroke, looks in _STROKES.items():
        yield f'<g fill="none" stroke-linejoin="round" {looks}>'
        for line in drawing.polylines:
            if line.stroke == stroke:
                yield from _polyline(line)
        yield "</g>"
    yield f'<g font-family="{_FAMILY}" stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke">'
    for style in FONTS:
        yield from _texts(style, [text for text in drawing.texts if text.style == style])
    yield "</g>"
    yield "</svg>"


def _face(face: Face) -> str:
    return f'<polygon points="{_points(face.points)}" fill="{_FILLS[face.fill]}"/>'


def _polyline(line: Polyline) -> Iterator[str]:
    if line.curved:
        start, *rest = line.points
        yield f'<path d="M{_points([start])} C{_points(rest)}"/>'
    elif line.closed:
        yield f'<polygon points="{_points(line.points)}"/>'
    else:
        yield f'<polyline points="{_points(line.points)}"/>'
    if line.arrow:
        x, y = line.points[-1]
        head = (Point(x, y), Point(x - _ARROW, y - _ARROW / 2), Point(x - _ARROW, y + _ARROW / 2))
        colour = FONTS["exchange"].colour if line.stroke == "exchange" else _INK
        yield f'<polygon points="{_points(head)}" fill="{colour}" stroke="none"/>'


def _texts(style: TextStyle, texts: Iterable[Text]) -> Iterator[str]:
    font = FONTS[style]
    weight = ' font-weight="bold"' if font.bold else ""
    yield f'<g fill="{font.colour}" font-size="{_number(font.size)}"{weight}>'
    for text in texts:
        anchor = f' text-anchor="{text.anchor}"' if text.anchor != "start" else ""
        # Text in a script without a certain bound is squeezed to its bound.
        keep = f' textLength="{_number(bound(text.text, style))}"' if not text.is_certain else ""
        squeeze = ' lengthAdjust="spacingAndGlyphs"' if keep else ""
        at = f'x="{_number(text.x)}" y="{_number(text.baseline)}"'
        yield f"<text {at}{anchor}{keep}{squeeze}>{escape(text.text)}</text>"
    yield "</g>"


def _points(points: Iterable[Point]) -> str:
    return " ".join(f"{_number(x)},{_number(y)}" for x, y in points)


def _number(number: float) -> str:
    """The number with at most one decimal: a tenth of a pixel is precise enough."""
    text = f"{number:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")
