"""docs/columns.md: its lines are those of the emitted file, in this order."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")


def test_the_lines_of_the_page_are_those_of_the_file() -> None:
    text = (ROOT / "tests" / "backends" / "torch" / "golden" / "alexnet_columns.py").read_text(encoding="utf-8")
    emitted = [line.strip() for line in text.splitlines()]
    shown = [line.strip() for line in PAGE.splitlines() if line.startswith("    ") and "=" in line]
    assert len(shown) == 9
    places = [emitted.index(line) for line in shown]
    assert places == sorted(places)
