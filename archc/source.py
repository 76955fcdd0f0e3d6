"""A text, its lines, and a Span: where in which text something stands.

Offsets count code points from the start of the text; lines and columns count from one, as editors do.
A line ends at LF, CRLF or CR and nowhere else.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple


@dataclass(frozen=True)
class Source:
    """One text and the name it is reported under."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> array[int]:
        # As LF at the same offsets, since splitting at one character is quick; in four bytes each, not in objects.
        *lines, _ = self.text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
        return array("I", accumulate((len(line) + 1 for line in lines), initial=0))

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, from one, of the code point at `offset`."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number`, from one, without its line break."""
        start = self._line_starts[number - 1]
        following = self._line_starts[number : number + 1]
        return self.text[start : following[0] if following else len(self.text)].rstrip("\r\n")


class Span(NamedTuple):  # a frozen dataclass takes twice as long to make, and a spec has many
    """The code points `start` to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]
