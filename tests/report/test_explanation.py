"""Explanations against golden files: a code, a code whose example is not text, and an op."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archc.diagnostics.text import ansi
from archc.explain.concepts import Concept, concepts
from archc.explain.explanation import Explanation, explanation_of, names
from archc.report.explanation import concept_page, listing, page
from archc.report.explanation_markdown import markdown

GOLDEN = Path(__file__).parent / "golden"


def explained(name: str) -> Explanation:
    explanation = explanation_of(name)
    assert explanation is not None
    return explanation


@pytest.mark.parametrize("name", ["ARC001", "ARC210", "conv2d", "relu"])
def test_a_page(name: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{name}.txt", page(explained(name), width=80))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("width", [40, 60, 100])
def test_prose_and_tables_keep_to_the_width(name: str, width: int) -> None:
    before, _, _ = page(explained(name), width=width).partition("\n\n    ")
    assert max(map(len, before.splitlines())) <= width


@pytest.mark.parametrize("name", concepts())
def test_a_concept_keeps_to_the_width_except_for_its_blocks(name: str) -> None:
    lines = concept_page(concepts()[name], width=60).splitlines()
    assert max(len(line) for line in lines if not line.startswith("    ")) <= 60
    assert max(map(len, concept_page(concepts()[name], width=80).splitlines())) <= 80


def test_a_concept_in_the_terminal_and_in_the_docs() -> None:
    concept = Concept("heat", "What it is", ("One and\ntwo.", "- first,\n  at length\n- second", "    a  1\n    b  2"))
    assert concept_page(concept, width=14) == (
        "heat: What it\nis\n\nOne and two.\n\n- first, at\n  length\n- second\n\n    a  1\n    b  2\n"
    )
    assert markdown([], [], [concept]).endswith(
        "## Concepts\n\n### heat\n\nWhat it is.\n\n"
        "One and\ntwo.\n\n- first,\n  at length\n- second\n\n    a  1\n    b  2\n"
    )


def test_the_narrowest_terminal_loses_nothing() -> None:
    explanation = explained("conv2d")
    assert "".join(explanation.meaning.split()) in "".join(page(explanation, width=1).split())


def test_colour_is_only_what_findings_have() -> None:
    coloured = page(explained("ARC210"), ansi, width=80)
    assert "\x1b[1;31merror[ARC210]\x1b[0m: conv1" in coloured
    assert coloured.startswith("error[ARC210]: ")


def test_a_shape_rule_is_shown_once() -> None:
    assert "Shapes: (C, H, W) -> (C, H', W'), H' = (H - F + 2P) / S + 1" in page(explained("max_pool2d"), width=80)
    assert "Shapes" not in page(explained("dense"), width=80) + page(explained("ARC210"), width=80)


def test_advice_does_not_fail() -> None:
    assert "Valid, but advised against:\n" in page(explained("ARC902"), width=80)


def test_a_control_character_is_shown_as_its_escape() -> None:
    assert "{op: relu\\x00}" in page(explained("ARC002"), width=80)
    assert "\x00" not in page(explained("ARC002"), width=80) + markdown([explained("ARC002")], [], [])


def test_a_backend_that_is_not_installed() -> None:
    text = page(replace(explained("ARC501"), findings=()), width=100)
    assert "`archc build --backend keras` reports an error. Its backend is not installed here.\n" in text
    assert "reports" not in text.partition("reports an error")[2]


def test_the_listing_folds_long_titles() -> None:
    lines = listing([("a", "word " * 20), ("long_name", "short")], width=40).splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[-1] == "long_name  short"


def test_a_bar_in_a_table_is_escaped() -> None:
    explanation = explained("dropout")
    barred = replace(explanation, fields=(replace(explanation.fields[0], meaning="a | b"),))
    assert "| a \\| b |" in markdown([barred], [], [])
