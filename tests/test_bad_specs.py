"""Each spec in tests/specs/bad names its findings where they stand: `# error[ARC210] @ 42`, code @ column.

A place on another line is written `@ line:column`. A text beside a spec, NAME.txt, is how its findings read where no
terminal says how wide it is; NAME.80.txt, on one of 80 columns; NAME.colour.txt, in colour.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.diagnostics.codes import CODES
from archc.diagnostics.text import WIDTH, ansi, render, unstyled

SPECS = Path(__file__).parent / "specs" / "bad"
EXPECTED = re.compile(r"(error|advice)\[(ARC[0-9]{3})\] @ (?:([0-9]+):)?([0-9]+)")

Place = tuple[int, int, str, str]


def expected(spec: Path) -> list[Place]:
    """The findings that a spec names, in source order."""
    return sorted(
        (int(line or number), int(column), severity, code)
        for number, text in enumerate(spec.read_text(encoding="utf-8").split("\n"), 1)
        for severity, code, line, column in EXPECTED.findall(text)
    )


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*.yaml")), ids=lambda spec: spec.stem)
def test_findings_are_exactly_those_that_the_spec_names(spec: Path) -> None:
    analysis = analyse(spec.read_bytes(), spec.name)
    assert [(f.span.line, f.span.column, f.severity, f.code) for f in analysis.findings] == expected(spec)
    assert (analysis.facts is None) == any(f.severity == "error" for f in analysis.findings)


@pytest.mark.parametrize("text", sorted(SPECS.glob("*.txt")), ids=lambda text: text.stem)
def test_findings_read_as_written_beside_the_spec(text: Path, golden: Callable[[Path, str], None]) -> None:
    name, _, how = text.stem.partition(".")
    spec = SPECS / f"{name}.yaml"
    style, width = (ansi if how == "colour" else unstyled), (80 if how == "80" else WIDTH)
    golden(text, render(analyse(spec.read_bytes(), spec.name).findings, style, width=width))


def test_every_code_has_a_spec_that_gives_it() -> None:
    shown = {code for spec in SPECS.glob("*.yaml") for _, _, _, code in expected(spec)}
    elsewhere = {"ARC001", "ARC501"}  # bytes that are no text: test_yaml_reader.py; a backend's own: tests/backends
    assert shown | elsewhere == CODES.keys()
