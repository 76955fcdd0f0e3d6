"""Text with an upper bound on its width. No font is measured, so every machine draws the same figure."""

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
"""The height of a line as a multiple of the font size."""

# Widths in em, for Verdana and DejaVu Sans, the widest fonts that viewers commonly have. Other characters get 1 em.
_BOUNDS = {
    **dict.fromkeys("'ijlIJ|/\\:;,. ()[]!ftr-", 0.43),
    **dict.fromkeys('abcdeghknopqsuvxyz0123456789_*$?`{}–"', 0.64),
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZ&#+<=>^~×→", 0.84),
}
_BOLD = 1.15


def bound(text: str, style: TextStyle) -> float:
    """An upper bound on the width of the text in pixels."""
    font = FONTS[style]
    return sum(_BOUNDS.get(character, 1.0) for character in text) * font.size * (_BOLD if font.bold else 1.0)


def height(style: TextStyle) -> float:
    """The height of a line in pixels."""
    return FONTS[style].size * LINE


def folded(text: str, style: TextStyle, room: float) -> list[str]:
    """The text in lines that fit the room, broken at spaces if possible."""
    characters = max(len(text), 1)
    while True:
        lines = wrap(text, characters) or [""]
        widest = max(bound(line, style) for line in lines)
        if widest <= room or characters == 1:
            return lines
        # Widths vary by character, so the estimate by proportion is repeated. It shrinks by at least one character.
        characters = max(min(characters - 1, int(characters * room / widest)), 1)


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text. `x` is its start, middle or end, as `anchor` sets; `y` is the top of the line."""

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
        """Whether the width bound is certain in any common font. If not, the text is squeezed to its bound."""
        return all(c in _BOUNDS or c.isascii() for c in self.text)
