"""Phrases and widths of output: counts, times, long lists, printable text, and text that fits a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Literal

MOST_NAMED = 12
WIDTH = 120
"""The width of output that does not go to a terminal."""

# The characters beyond ASCII that archc's own tables contain. Each takes one column.
_NARROW = str.maketrans("", "", "×→⌈⌉µ…–\N{NO-BREAK SPACE}")


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 layer`, `2 layers`, `1,024 layers`. Give `many` for a plural that is not formed with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], *, most: int = MOST_NAMED) -> str:
    """`a, b, c`. A list longer than `most` ends in a count instead: `a, b and 3 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def joined(names: Sequence[str], word: Literal["and", "or"] = "and") -> str:
    """All names as a phrase: `a`, `a and b`, `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def duration(seconds: float) -> str:
    """A time in its two largest units: `8 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def in_units(size: int) -> str:
    """A number of bytes with three digits: `1.05 GiB`."""
    for unit, one in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= one:
            return f"{size / one:.3g} {unit}" if size < 1000 * one else f"{size / one:,.0f} {unit}"
    return f"{size} bytes"


def visible(text: str) -> str:
    """The text with escapes in place of characters that control a terminal or the direction of writing."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else (" " if c == "\t" else f"\\u{ord(c):04x}") for c in text)


def cells(text: str) -> int:
    """The number of terminal columns that the text takes."""
    if text.isascii() or text.translate(_NARROW).isascii():
        return len(text)
    from rich.cells import cell_len  # `archc check` starts without rich unless a spec has other characters

    return cell_len(text)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns. A word that is wider than a line is broken."""
    if not any(cells(character) > 1 for character in text):
        return wrap(text, width)
    from rich.cells import chop_cells

    # textwrap counts characters. It would make lines of Chinese text twice as wide as the terminal.
    lines: list[str] = []
    for word in filter(None, text.split(" ")):
        for part in chop_cells(word, max(width, 2)):
            if lines and cells(f"{lines[-1]} {part}") <= width:
                lines[-1] += f" {part}"
            else:
                lines.append(part)
    return lines
