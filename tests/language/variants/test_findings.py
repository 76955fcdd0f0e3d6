"""Each spec in tests/specs/variants lists its findings as those in tests/specs/bad do, and has their text in NAME.txt.

A position in another file is written `@ FILE:line:column`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import analyse
from archc.diagnostics.text import render
from archc.fixing import fix

SPECS = Path(__file__).parents[2] / "specs" / "variants"
EXPECTED = re.compile(r"(error|advice)\[(ARC[0-9]{3})\] @ (?:([\w.]+):)?(?:([0-9]+):)?([0-9]+)")
BASES = {"base", "faulty", "miscounted", "staged", "cycle_2"}
FILES = sorted(file for file in SPECS.glob("*.yaml") if file.stem not in BASES)

Place = tuple[str, int, int, str, str]


def expected(spec: Path) -> list[Place]:
    """The findings that a spec lists."""
    return sorted(
        (file or spec.name, int(line or number), int(column), severity, code)
        for number, text in enumerate(spec.read_text(encoding="utf-8").split("\n"), 1)
        for severity, code, file, line, column in EXPECTED.findall(text)
    )


@pytest.fixture(autouse=True)
def in_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SPECS)


@pytest.mark.parametrize("spec", FILES, ids=lambda spec: spec.stem)
def test_findings_are_exactly_those_that_the_spec_lists(spec: Path) -> None:
    analysis = analyse(spec.read_bytes(), spec.name, with_variants=True)
    found = [(f.span.source.name, f.span.line, f.span.column, f.severity, f.code) for f in analysis.findings]
    assert sorted(found) == expected(spec)
    assert (analysis.facts is None) == any(f.severity == "error" for f in analysis.findings)


@pytest.mark.parametrize("spec", FILES, ids=lambda spec: spec.stem)
def test_findings_read_as_written_beside_the_spec(spec: Path, golden: Callable[[Path, str], None]) -> None:
    findings = analyse(spec.read_bytes(), spec.name, with_variants=True).findings
    if findings:
        golden(spec.with_suffix(".txt"), render(findings))


@pytest.mark.parametrize("spec", FILES, ids=lambda spec: spec.stem)
def test_every_fix_is_in_the_file_itself_and_mends_its_finding(spec: Path) -> None:
    data = spec.read_bytes()
    before = analyse(data, spec.name, with_variants=True).findings
    assert all(edit.span.source.name == spec.name for finding in before for edit in finding.fix)
    fixed = fix(data, spec.name)
    if fixed.mended:
        left = {(finding.code, finding.message) for finding in fixed.analysis.findings}
        assert not any((finding.code, finding.message) in left for finding in fixed.mended)


def test_the_base_and_all_its_variants_are_valid() -> None:
    base = SPECS / "base.yaml"
    assert analyse(base.read_bytes(), base.name, with_variants=True).findings == []


@pytest.mark.parametrize("name", ["removed", "expectations"])
def test_the_helps_mend_the_findings_when_they_are_typed(name: str) -> None:
    """The change or the `expect:` that each help shows, in the order of the findings."""
    text = (SPECS / f"{name}.yaml").read_text(encoding="utf-8")
    for _ in range(4):
        findings = [f for f in analyse(text.encode(), f"{name}.yaml").findings if f.severity == "error"]
        if not findings:
            return
        (shown, *_) = re.findall(r"`((?:\{set:|expect:) .*?\}+)`", findings[0].help or "") or [render(findings)]
        assert "error" not in shown, shown
        text += f"{shown}\n" if shown.startswith("expect") else ""
        text = text.replace("change:\n", f"change:\n  - {shown}\n", 1) if shown.startswith("{set") else text
    raise AssertionError(text)
