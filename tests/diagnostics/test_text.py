"""Findings as a person reads them, whatever the line holds."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len as cells

from archc.analysis import analyse
from archc.diagnostics.finding import Finding, in_source_order, report
from archc.diagnostics.text import ansi, render
from archc.source import Source, Span

DESIGN = """\
specs/alexnet.yaml:14:58: error[ARC210]: conv2's 256 filters do not split into 3 groups
   |
14 |   conv2: {op: conv2d, filters: 256, kernel: 5, padding: 2, groups: 3}
   |                                ^^^                                 ^
   = note: 256 / 3 is not whole, and its input has 96 maps: 96 / 3 = 32
   = help: groups: 2 divides both; `archc explain ARC210`
"""


def at(text: str, marked: str, **more: object) -> Finding:
    start = text.index(marked)
    span = Span(Source("a.yaml", text), start, start + len(marked))
    return report(span, "ARC105", "wrong", **more)  # pyright: ignore[reportArgumentType]


def excerpt(finding: Finding) -> tuple[str, str]:
    """The line that is shown and the marks under it, without the margin."""
    _, _, line, marks, *_ = render([finding]).splitlines()
    return line.partition("| ")[2], marks.partition("| ")[2]


def test_the_example_of_the_design() -> None:
    layer = "  conv2: {op: conv2d, filters: 256, kernel: 5, padding: 2, groups: 3}\n"
    lines = ["schema: archc/v1", "name: alexnet", *[""] * 9, "input: {image: [96, 27, 27]}", "layers:", layer]
    found = render(analyse("\n".join(lines).encode(), "specs/alexnet.yaml").findings)
    # The design's page counted its column in another line; all else is to the letter.
    assert found == DESIGN.replace(":14:58:", ":14:68:")


@pytest.mark.parametrize(
    ("text", "marked", "line", "marks"),
    [
        ("a: bad", "bad", "a: bad", "   ^^^"),
        ("\ta:\tbad # x", "bad", " a: bad # x", "    ^^^"),
        ("漢字: bad", "bad", "漢字: bad", "      ^^^"),
        ("a: 漢字 # x", "漢字", "a: 漢字 # x", "   ^^^^"),
        ("🙂: bad", "bad", "🙂: bad", "    ^^^"),
        ("e\u0301: bad", "bad", "e\u0301: bad", "   ^^^"),
        ("\u202ea: bad", "bad", "\\u202ea: bad", "         ^^^"),
        ("a: b\u200bd", "b\u200bd", "a: b\\u200bd", "   ^^^^^^^^"),
        ("a: \x1b[31mbad", "bad", "a: \\u001b[31mbad", "             ^^^"),
        ("a: ", "", "a:", "^"),
        ("a: {b: 1,\n  c: 2}", "{b: 1,\n  c: 2}", "a: {b: 1,", "   ^^^^^^"),
        ("x: 1\r\na: bad\r\n", "bad", "a: bad", "   ^^^"),
    ],
)
def test_marks_stand_under_what_is_meant(text: str, marked: str, line: str, marks: str) -> None:
    assert excerpt(at(text, marked)) == (line, marks)


@given(
    before=st.text(st.characters(exclude_characters="\r\n"), max_size=40), marked=st.text("ab漢\u202e\t", min_size=1)
)
def test_marks_stand_under_any_text(before: str, marked: str) -> None:
    text = before + marked
    finding = report(Span(Source("a.yaml", text), len(before), len(text)), "ARC105", "wrong")
    _, _, line, marks, *_ = render([finding]).splitlines()
    if cells(line) < 110 and not marked.endswith("\t"):
        assert cells(marks) <= max(cells(line), len(marks.rstrip("^")) + 1)
        assert marks.strip(" |^") == ""
    assert line.isprintable()


def test_a_long_line_is_cut_around_the_place_and_says_so() -> None:
    text = "a: [" + "1, " * 200 + "bad, " + "2, " * 200 + "]"
    line, marks = excerpt(at(text, "bad"))
    assert len("1 | " + line) == 120
    assert line[marks.index("^") : marks.rindex("^") + 1] == "bad"
    assert (line[0], line[-1]) == ("…", "…")


@pytest.mark.parametrize(("marked", "ends"), [("bad1", ("a", "…")), ("bad2", ("…", "}"))])
def test_a_long_line_keeps_the_end_that_is_near(marked: str, ends: tuple[str, str]) -> None:
    line, marks = excerpt(at("a: {bad1: " + "x" * 300 + ", bad2}", marked))
    assert (line[0], line[-1]) == ends
    assert line[marks.index("^") : marks.rindex("^") + 1] == marked


@given(
    before=st.text("a漢\u0301\t\u202e, ", max_size=200),
    marked=st.text("ab漢", min_size=1, max_size=5),
    after=st.text("a漢, ", max_size=200),
    width=st.integers(60, 160),
)
def test_no_excerpt_is_wider_than_the_width(before: str, marked: str, after: str, width: int) -> None:
    text = before + marked + after
    finding = report(Span(Source("a.yaml", text), len(before), len(before) + len(marked)), "ARC105", "wrong")
    _, _, line, marks, *_ = render([finding], width=width).splitlines()
    assert cells(line) <= width
    left = next(number for number in range(len(line)) if cells(line[:number]) == marks.index("^"))
    assert line[left:].lstrip("\u0301").startswith(marked)
    assert marks.count("^") == cells(marked)


def test_a_second_place_in_the_line_is_shown_too_where_both_fit() -> None:
    text = "a: {" + "x" * 200 + ", one: 1, " + "y" * 20 + ", bad: 2, " + "z" * 200 + "}"
    source = Source("a.yaml", text)
    one = Span(source, text.index("one"), text.index("one") + 3)
    _, _, line, marks, *_ = render([at(text, "bad", related=[(one, "")])]).splitlines()
    shown = [line[match.start() : match.end()] for match in re.finditer(r"\^+", marks)]
    assert shown == ["one", "bad"]


@given(
    before=st.integers(0, 120),
    between=st.integers(0, 120),
    after=st.integers(0, 120),
    length=st.integers(1, 60),
    is_first=st.booleans(),
    width=st.integers(20, 160),
)
def test_the_start_of_the_place_is_always_shown(
    before: int, between: int, after: int, length: int, is_first: bool, width: int
) -> None:
    """Whatever other place the line has, before it or after it, and however narrow the terminal is."""
    marked, other = "M" + "m" * (length - 1), "other"
    first, second = (marked, other) if is_first else (other, marked)
    text = "x" * before + first + "y" * between + second + "z" * after
    source = Source("a.yaml", text)
    one = Span(source, text.index(other), text.index(other) + len(other))
    _, _, line, marks, *_ = render([at(text, marked, related=[(one, "")])], width=width).splitlines()
    assert [marks[place.start()] for place in re.finditer("M", line)] == ["^"]


@pytest.mark.parametrize("width", [40, 50, 60, 80, 120])
def test_only_the_first_line_and_a_long_word_are_wider_than_the_terminal(width: int) -> None:
    """Of the findings of all specs with mistakes."""
    for spec in sorted((Path(__file__).parents[1] / "specs" / "bad").glob("*.yaml")):
        for finding in analyse(spec.read_bytes(), spec.name).findings:
            for line in render([finding], width=width).splitlines()[1:]:
                assert cells(line) <= width or max(map(cells, line.split())) > width - 12, line


def test_a_label_that_does_not_fit_beside_its_marks_is_below_them() -> None:
    text = "x" * 30 + "there\na: bad"
    there = Span(Source("a.yaml", text), 30, 35)
    shown = render([at(text, "bad", related=[(there, "one two three four five six seven eight nine ten")])], width=44)
    assert shown.splitlines()[2:6] == [
        "1 | " + "x" * 30 + "there",
        "  |" + " " * 31 + "-----",
        "  | one two three four five six seven eight",
        "  | nine ten",
    ]
    shown = render([at(text, "bad", related=[(there, "one two three four")])], width=44)
    assert shown.splitlines()[3:5] == ["  |" + " " * 31 + "-----", "  |" + " " * 23 + "one two three four"]


def test_notes_and_helps_wrap_under_themselves_and_keep_code_together() -> None:
    note, help = "12 + 13 = 25 " * 6 + "漢字" * 4, "write `expect: [96, 55, 55]` or `rounding: ceil`"
    found = render([at("a: bad", "bad", notes=[note.strip()], help=help)], width=50)
    assert found.splitlines()[4:] == [
        "  = note: 12 + 13 = 25 12 + 13 = 25 12 + 13 = 25",
        "          12 + 13 = 25 12 + 13 = 25 12 + 13 = 25",
        "          漢字漢字漢字漢字",
        "  = help: write `expect: [96, 55, 55]` or",
        "          `rounding: ceil`; `archc explain ARC105`",
    ]


def test_the_first_line_is_never_wrapped() -> None:
    source = Source("a.yaml", "a: bad")
    message = "wrong " * 40 + "indeed"
    assert render([report(Span(source, 3, 6), "ARC105", message)], width=40).splitlines()[0].endswith(message)


def test_related_places_stand_in_the_order_of_the_text_with_what_they_say() -> None:
    text = "first: 1\nx: bad\n" + "\n" * 7 + "last: 2\n"
    source = Source("a.yaml", text)
    related = [(Span(source, text.index("last"), text.index("last") + 4), "after"), (Span(source, 0, 5), "before")]
    found = render([at(text, "bad", related=related, notes=["1 + 1 = 2"], help="do well")])
    assert found == (
        "a.yaml:2:4: error[ARC105]: wrong\n"
        "   |\n"
        " 1 | first: 1\n"
        "   | ----- before\n"
        " 2 | x: bad\n"
        "   |    ^^^\n"
        "10 | last: 2\n"
        "   | ---- after\n"
        "   = note: 1 + 1 = 2\n"
        "   = help: do well; `archc explain ARC105`\n"
    )


def test_nothing_from_a_text_steers_the_terminal() -> None:
    hostile = "\x1b]0;title\x07\u202e\u2066"
    source = Source(hostile, f"{hostile}: bad")
    finding = report(
        Span(source, 0, 3), "ARC105", hostile, notes=[hostile], help=hostile, related=[(Span(source, 0, 1), hostile)]
    )
    assert all(character.isprintable() or character == "\n" for character in render([finding]))


def test_colours_add_nothing_but_escapes() -> None:
    text = "first: 1\nx: bad\n"
    finding = at(text, "bad", notes=["a note"], related=[(Span(Source("a.yaml", text), 0, 5), "before")])
    coloured = render([finding], ansi)
    assert "\x1b[1;31merror[ARC105]\x1b[0m" in coloured
    stripped = "".join(
        part.partition("m")[2] if number else part for number, part in enumerate(coloured.split("\x1b["))
    )
    assert stripped == render([finding])


def test_findings_are_parted_by_an_empty_line_and_none_are_nothing() -> None:
    finding = at("a: bad", "bad")
    assert render([]) == ""
    assert render([finding, finding]) == render([finding]) + "\n" + render([finding])


def test_findings_are_ordered_by_place_told_once_and_without_echoes() -> None:
    source = Source("a.yaml", "one two three")
    one, two, three = Span(source, 0, 3), Span(source, 4, 7), Span(source, 8, 13)
    late, early = report(three, "ARC105", "late"), report(one, "ARC105", "early")
    unread, echo = report(two, "ARC007", "no number"), report(two, "ARC104", "nothing is not a number")
    assert in_source_order([late, echo, early, unread, early]) == [early, unread, late]


@pytest.mark.parametrize("width", [60, 80])
def test_code_in_a_help_is_broken_if_it_is_wider_than_the_terminal(width: int) -> None:
    code = "`add: {" + ", ".join(f"field{n}: {n}" for n in range(16)) + "}`"
    finding = report(Span(Source("a.yaml", "x"), 0, 1), "ARC104", "m", help=f"write {code} or `x: 1`")
    lines = render([finding], width=width).splitlines()
    assert max(map(cells, lines)) <= width
    assert code in " ".join(line.strip() for line in lines)
