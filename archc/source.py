"""Source, a named text with line numbers, and Span, a range of characters in it.

Offsets count code points from the start of the text. Lines and columns count from one, as editors do. A line ends at
LF, CRLF or CR and nowhere else.
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
    """A text, and the name under which it is reported."""

    name: str
    text: str

    @cached_property
    def _line_starts(self) -> array[int]:
        # Every line break becomes one LF without moving the text after it, because splitting at one character is fast.
        # splitlines() would also split at U+2028 and others. The array takes four bytes per line instead of an object.
        *lines, _ = self.text.replace("\r\n", " \n").replace("\r", "\n").split("\n")
        return array("I", accumulate((len(line) + 1 for line in lines), initial=0))

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of the code point at `offset`."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` without its line break."""
        start = self._line_starts[number - 1]
        following = self._line_starts[number : number + 1]
        return self.text[start : following[0] if following else len(self.text)].rstrip("\r\n")


class Span(NamedTuple):  # a frozen dataclass takes twice as long to create, and a spec has many
    """The code points of a source from `start` up to, but not including, `end`."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]
