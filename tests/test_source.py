"""Lines and columns count as in editors: from one, in code points, for any kind of line break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.source import Source, Span


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\rc\n\nd", ["a", "b", "c", "", "d"]),
        ("a\n\rb", ["a", "", "b"]),
        ("größe\u2028漢\x85🙂\nb", ["größe\u2028漢\x85🙂", "b"]),
    ],
)
def test_a_line_ends_at_lf_crlf_or_cr_and_nowhere_else(text: str, lines: list[str]) -> None:
    source = Source("a.yaml", text)
    count, _ = source.position(len(text))
    assert [source.line(number) for number in range(1, count + 1)] == lines


def test_a_column_counts_code_points() -> None:
    source = Source("a.yaml", "漢字🙂: x\r\n  y")
    assert source.position(5) == (1, 6)
    assert source.position(source.text.index("y")) == (2, 3)
    span = Span(source, 3, 4)
    assert (span.line, span.column) == (1, 4)


@given(text=st.text(st.sampled_from("ab漢 \r\n\u2028"), max_size=30))
def test_a_position_leads_back_to_its_character(text: str) -> None:
    source = Source("a.yaml", text)
    for offset, character in enumerate(text):
        line, column = source.position(offset)
        if character not in "\r\n":
            assert source.line(line)[column - 1] == character
        else:
            assert column > len(source.line(line))
