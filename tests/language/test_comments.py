"""Comments are found wherever YAML allows them, and never inside a value."""

from __future__ import annotations

import pytest

from archc.language.comments import comments
from archc.language.reader import read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n", []),
        ("# first\na: 1 # second\n  # third", ["# first", "# second", "# third"]),
        ("a: b#c # d # e\n", ["# d # e"]),
        ("a: 'x # y' # z\n", ["# z"]),
        ('a: "x # \\" # y" # z\n', ["# z"]),
        ("a: {b: 1, # one\n  c: [2, # two\n  3]} # three\n", ["# one", "# two", "# three"]),
        ("a: |\n  text # no comment\n\n# a comment\nb: 1\n", ["# a comment"]),
        ("'a # b': 1 # c\n", ["# c"]),
        ("a: &x 1 # one\nb: *x # two\n", ["# one", "# two"]),
        ("a: &x # one\n  5 # two\nb: &y # three\n  # four\n  - 1\n", ["# one", "# two", "# three", "# four"]),
        ("a: | # one\n  text # no comment\nb: &x >- # two\n  text # none\n", ["# one", "# two"]),
        ("a: 1\r# bare CR\rb: 2", ["# bare CR"]),
        ("a: 1 # é 🎉\r\n#\r\n", ["# é 🎉", "#"]),
    ],
)
def test_comments(text: str, expected: list[str]) -> None:
    root, findings = read(text.encode(), "a.yaml")
    assert root is not None
    assert not findings
    assert [text[span.start : span.end] for span in comments(root)] == expected
