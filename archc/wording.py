"""How archc puts things into words: counts, lists that may be long, and text that is safe to show."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 12


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 layer`, `2 layers`, `1,024 layers`; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(names: Sequence[str], *, most: int = MOST_NAMED) -> str:
    """`a, b, c`; beyond `most` names the first of them and how many there are besides: `a, b and 3 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def visible(text: str) -> str:
    """The text with what steers a terminal, or the direction of writing, shown as an escape."""
    return "".join(c if c.isprintable() else (" " if c == "\t" else f"\\u{ord(c):04x}") for c in text)
