"""Each spec in tests/specs/bad lists its findings in comments on their lines: `# error[ARC210] @ 42`, code @ column.

So does each in tests/specs/articles, which states AlexNet as common articles do.

A position on another line is written `@ line:column`. NAME.txt beside a spec contains its findings as text without a
terminal; NAME.80.txt, on a terminal of 80 columns; NAME.colour.txt, in colour.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.diagnostics.codes import CODES
from archc.diagnostics.text import WIDTH, ansi, render, unstyled

BAD, ARTICLES = (Path(__file__).parent / "specs" / folder for folder in ("bad", "articles"))
SPECS = sorted((*BAD.glob("*.yaml"), *ARTICLES.glob("*.yaml")))
TEXTS = sorted((*BAD.glob("*.txt"), *ARTICLES.glob("*.txt")))
EXPECTED = re.compile(r"(error|advice)\[(ARC[0-9]{3})\] @ (?:([0-9]+):)?([0-9]+)")

Place = tuple[int, int, str, str]


def expected(spec: Path) -> list[Place]:
    """The findings that a spec lists, in source order."""
    return sorted(
        (int(line or number), int(column), severity, code)
        for number, text in enumerate(spec.read_text(encoding="utf-8").split("\n"), 1)
        for severity, code, line, column in EXPECTED.findall(text)
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_findings_are_exactly_those_that_the_spec_lists(spec: Path) -> None:
    analysis = analyse(spec.read_bytes(), spec.name, with_variants=True)
    assert [(f.span.line, f.span.column, f.severity, f.code) for f in analysis.findings] == expected(spec)
    assert (analysis.facts is None) == any(f.severity == "error" for f in analysis.findings)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.stem)
def test_findings_read_as_written_beside_the_spec(text: Path, golden: Callable[[Path, str], None]) -> None:
    name, _, how = text.stem.partition(".")
    spec = text.with_name(f"{name}.yaml")
    style, width = (ansi if how == "colour" else unstyled), (80 if how == "80" else WIDTH)
    golden(text, render(analyse(spec.read_bytes(), spec.name, with_variants=True).findings, style, width=width))


def test_every_code_has_a_spec_that_gives_it() -> None:
    shown = {code for spec in BAD.glob("*.yaml") for _, _, _, code in expected(spec)}
    # Bytes that are not text are in tests/language/test_reader.py, what a backend cannot express in tests/backends,
    # and values to try in tests/language/variants.
    elsewhere = {"ARC001", "ARC501", "ARC921"}
    assert shown | elsewhere == CODES.keys()
