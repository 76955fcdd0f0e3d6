"""Text of which only a bound on the width is known: no font is measured, so that every machine draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import Literal, NamedTuple

TextStyle = Literal["title", "name", "caption", "exchange", "size", "note"]
Anchor = Literal["start", "middle", "end"]


class Font(NamedTuple):
    size: float
    bold: bool
    colour: str


FONTS: dict[TextStyle, Font] = {
    "title": Font(16, True, "#1c2733"),
    "name": Font(11, True, "#1c2733"),
    "caption": Font(11, False, "#47535f"),
    "exchange": Font(11, False, "#b03024"),
    "size": Font(11, False, "#1c2733"),
    "note": Font(11, False, "#47535f"),
}
LINE = 1.25
"""The height of a line, in the font's size."""

# Of Verdana and DejaVu Sans, the widest fonts that a viewer commonly has; all others get the whole em.
_BOUNDS = {
    **dict.fromkeys("'ijlIJ|/\\:;,. ()[]!ftr-", 0.43),
    **dict.fromkeys('abcdeghknopqsuvxyz0123456789_*$?`{}–"', 0.64),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&#+<=>^~×→", 0.84),
}
_BOLD = 1.15


def bound(text: str, style: TextStyle) -> float:
    """The width in pixels that the text does not exceed."""
    font = FONTS[style]
    return sum(_BOUNDS.get(character, 1.0) for character in text) * font.size * (_BOLD if font.bold else 1.0)


def height(style: TextStyle) -> float:
    """The height of a line in pixels."""
    return FONTS[style].size * LINE


def folded(text: str, style: TextStyle, room: float) -> list[str]:
    """The text in lines that keep to the room, broken at spaces where it has them."""
    characters = max(len(text), 1)
    while True:
        lines = wrap(text, characters) or [""]
        widest = max(bound(line, style) for line in lines)
        if widest <= room or characters == 1:
            return lines
        characters = max(min(characters - 1, int(characters * room / widest)), 1)


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text: `x` is its start, middle or end, `y` the top of its line."""

    x: float
    y: float
    text: str
    style: TextStyle
    anchor: Anchor = "start"

    @property
    def baseline(self) -> float:
        return self.y + FONTS[self.style].size

    @property
    def is_certain(self) -> bool:
        """Whether the bound holds in any common font, or the text has to be made to keep to it."""
        return all(c in _BOUNDS or c.isascii() for c in self.text)
