"""Counts, lists and widths: the phrases that every message and table is made of."""

from __future__ import annotations

import subprocess
import sys

import pytest

from archc.report.table import Column, table
from archc.wording import cells, counted, joined, listed, wrapped


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("conv1", 5), ("96 × 55 × 55 → …", 16), ("網", 2), ("網 a", 4), ("e\u0301", 1), ("🙂", 2)],
)
def test_cells(text: str, width: int) -> None:
    assert cells(text) == width


@pytest.mark.parametrize(
    ("names", "phrase"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c", "d"], "a, b, c and d")]
)
def test_a_list_as_a_phrase(names: list[str], phrase: str) -> None:
    assert joined(names) == phrase


def test_narrow_text_is_measured_without_rich() -> None:
    code = "import sys; from archc.wording import cells; cells('96 × 55 → ⌈1⌉ µs…'); print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "False\n"


def test_wide_text_is_wrapped_by_columns() -> None:
    assert wrapped("漢字漢字漢字 and  more words漢", 7) == ["漢字漢", "字漢字", "and", "more", "words漢"]
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("漢", 1) == ["漢"]


def test_columns_with_wide_text_are_aligned() -> None:
    columns = (Column("name"), Column("meaning", least=8), Column("count", right=True))
    rows = table(columns, [("漢字", "畳み込み, 層", "1"), ("a", "b", "漢")], width=22)
    assert [line for row in rows for line in row] == [
        "name  meaning    count",
        "漢字  畳み込み,      1",
        "      層",
        "a     b             漢",
    ]


def test_counts_and_lists() -> None:
    assert (counted(1, "fix", "fixes"), counted(1024, "layer")) == ("1 fix", "1,024 layers")
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"
    assert listed(["a", "b"], most=2) == "a, b"
