"""Draws texts in any YAML style, valid specs or not: flow and block, quotes, comments, anchors, multi-line values."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import strategies as st

# fmt: off
KEYS = [
    "schema", "name", "title", "input", "defaults", "layers", "outputs", "expect", "parallel", "train", "conv1", "op",
    "from", "filters", "kernel", "stride", "groups", "weight_init", "batch", "data", "resize", "'a b'", '"c"', "'1'",
    "2", "yes", "'no'", "'x: y'", '"#"', "'it''s'", "é", "? f", "? " + "k" * 1100,
]
WORDS = [
    "conv2d", "relu", "archc/v1", "3GiB", "a-b", "a:b", "x#y", "1e-4", "010", "0x10", ".5", "+3", "~", "null", "true",
    "no", "on", "1:30", "2012-09-30", "漢字", "'a'", '"a"', "'1'", '"true"', "'a: b'", '"a # b"', "'say \"x\"'", "''",
    '"\\t\\u202e\\n\\\\"', "'- a'", '"a, b"', "'no'", "w" * 70,
]
SEVERAL_LINES = ["b,c [d f]", "|{end}{pad}text", ">-{end}{pad}some\n\n{pad}text", "one\n{pad}two", "'one\n\n{pad}two'"]
# fmt: on
BARE = re.compile(r"\? |^'|'$|\"")


class Writer:
    """Draws a text in which the reader finds no mistake. Its comments are `#c1é`, `#c2é`, …"""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.comments = 0
        self.opened = 0
        self.anchors: list[str] = []

    def text(self) -> str:
        start = self.any_of(["", "", "%YAML 1.2\n---\n", "---" + self.end()])
        body = self.entries("", 4) if self.one_in_not(4) else self.flow("  ", 3) + self.end()
        return self.own_lines("") * (not start) + start + body + self.any_of(["", "", "...\n"])

    def one_in(self, count: int) -> bool:
        return self.data.draw(st.integers(1, count)) == count

    def one_in_not(self, count: int) -> bool:
        return not self.one_in(count)

    def any_of(self, values: list[str]) -> str:
        return self.data.draw(st.sampled_from(values))

    def end(self) -> str:
        return (" " + self.comment() if self.one_in(5) else "") + "\n"

    def comment(self) -> str:
        self.comments += 1
        return f"#c{self.comments}é" + self.any_of(["", " ", " # archc: allow ARC902", " 'x' {"])

    def own_lines(self, pad: str) -> str:
        text = ""
        while self.one_in(4):
            text += self.any_of(["", "  ", pad, pad + "  "]) + (self.comment() if self.one_in(2) else "") + "\n"
        return text

    def entries(self, pad: str, depth: int) -> str:
        """A block collection, at least one entry, to the end of its last line."""
        text = ""
        for head in self.heads(pad):
            deeper = pad + self.any_of(["  ", "    "])
            text += self.own_lines(pad) + pad + head + self.block(deeper, depth - 1)
        return text + self.own_lines(pad)

    def heads(self, pad: str) -> list[str]:
        if pad and self.one_in(2):
            return ["-"] * self.data.draw(st.integers(1, 3))
        return [f"{key}\n{pad}:" if key.startswith("?") else f"{key}:" for key in self.keys(least=1)]

    def block(self, pad: str, depth: int) -> str:
        """The text after `key:` or `-`, to the end of its last line."""
        if depth and self.one_in(2):
            return " " + self.anchored(lambda: self.end() + self.entries(pad, depth))
        if self.one_in(8):
            return " " + self.any_of(SEVERAL_LINES).format(end=self.end(), pad=pad) + "\n"
        return " " + self.flow(pad, depth) + self.end()

    def flow(self, pad: str, depth: int) -> str:
        """A value on one line, or in brackets over several."""
        if self.anchors and self.one_in(8):
            return f"*{self.any_of(self.anchors)} "
        kind = self.any_of(["word", "[]", "{}"]) if depth else "word"
        return self.anchored(lambda: self.any_of(WORDS) if kind == "word" else self.brackets(kind, pad, depth))

    def brackets(self, pair: str, pad: str, depth: int) -> str:
        heads = [f"{key} : " for key in self.keys(least=0)] if pair == "{}" else ["", "", ""]
        text = pair[0] + self.gap(pad)
        for place, head in enumerate(heads):
            text += head + self.flow(pad, depth - 1) + self.gap(pad)
            text += ", " + self.gap(pad) if place < len(heads) - 1 else ""
        return text + pair[1]

    def gap(self, pad: str) -> str:
        return self.end() + self.own_lines(pad) + pad if self.one_in(6) else ""

    def keys(self, *, least: int) -> list[str]:
        names = st.lists(st.sampled_from(KEYS), min_size=least, max_size=4, unique_by=lambda key: BARE.sub("", key))
        return self.data.draw(names)

    def anchored(self, write: Callable[[], str]) -> str:
        """The result of `write`, perhaps with an anchor. No alias to the anchor is drawn inside its own value."""
        if self.one_in_not(6):
            return write()
        self.opened += 1
        anchor = f"a{self.opened}"
        text = f"&{anchor} {write()}"
        self.anchors.append(anchor)
        return text


@pytest.fixture(scope="session")
def written() -> Callable[[st.DataObject], str]:
    """Returns a function that draws a text."""
    return lambda data: Writer(data).text()
