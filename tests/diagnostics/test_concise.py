"""Findings in a line each."""

from archc.analysis import analyse
from archc.diagnostics.concise import render
from archc.diagnostics.text import ansi

TEXT = b"schema: archc/v1\nname: a\ninput: {image: [3, 8, 8]}\nlayers:\n  a: {op: conv2d, filter: 3, kernel: 0}\n"


def test_a_line_each() -> None:
    assert render(analyse(TEXT, "specs/a.yaml").findings) == (
        "specs/a.yaml:5:19: error[ARC101]: unknown field `filter` in a\n"
        "specs/a.yaml:5:38: error[ARC105]: `kernel` is `0`: it must be a whole number from 1, or [height, width]\n"
    )
    assert render([]) == ""


def test_in_colour_the_place_and_the_kind_stand_out() -> None:
    first = render(analyse(TEXT, "a.yaml").findings, ansi).splitlines()[0]
    assert first == "\x1b[1ma.yaml:5:19:\x1b[0m \x1b[1;31merror[ARC101]\x1b[0m: unknown field `filter` in a"


def test_a_line_stays_a_line_and_steers_nothing() -> None:
    found = render(analyse(b'"\\n\\e[31m": 1\n' + TEXT, "a\n\x1b[0m.yaml").findings)
    assert all(line.isprintable() for line in found.split("\n"))
    assert all(line.startswith("a\\u000a\\u001b[0m.yaml:") for line in found.splitlines())
