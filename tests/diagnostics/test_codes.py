"""The registry: every code belongs to its family and has a title and a meaning."""

import re
from pathlib import Path

import pytest

import archc
from archc.diagnostics.codes import CODES
from archc.diagnostics.codes.code import Code
from archc.diagnostics.finding import is_error, report
from archc.language.reader import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_FINDINGS,
    MAX_INTEGER_DIGITS,
    MAX_NODES,
    MAX_SCALAR,
)
from archc.source import Source, Span

SPAN = Span(Source("a.yaml", "a"), 0, 1)


@pytest.mark.parametrize(("name", "code"), CODES.items(), ids=CODES)
def test_a_code_has_a_title_and_a_meaning(name: str, code: Code) -> None:
    assert re.fullmatch(r"ARC[0-5][0-9]{2}|ARC9[0-9]{2}", name)
    assert code.title and not code.title.endswith(".")
    assert code.meaning.endswith(".")
    assert (code.severity == "advice") == name.startswith("ARC9")


def test_codes_are_in_order_and_titles_are_distinct() -> None:
    assert list(CODES) == sorted(CODES)
    assert len({code.title for code in CODES.values()}) == len(CODES)


def test_every_code_in_the_sources_is_registered() -> None:
    (folder,) = archc.__path__
    used = {code for file in Path(folder).rglob("*.py") for code in re.findall(r"ARC[0-9]{3}", file.read_text("utf-8"))}
    assert used == CODES.keys()


def test_a_finding_needs_a_registered_code() -> None:
    with pytest.raises(AssertionError, match="ARC999"):
        report(SPAN, "ARC999", "a code that nobody wrote down")


def test_advice_leaves_a_spec_usable() -> None:
    advice, error = report(SPAN, "ARC901", "advice"), report(SPAN, "ARC105", "error")
    assert not is_error([advice])
    assert is_error([advice, error])


def test_the_meanings_state_the_actual_limits() -> None:
    meaning = CODES["ARC003"].meaning
    assert f"{MAX_BYTES >> 20} MiB of text" in meaning
    assert f"{MAX_DEPTH} levels of nesting" in meaning
    assert f"{MAX_ENTRIES:,} layers" in meaning
    assert f"{MAX_NODES:,} values" in meaning
    assert f"{MAX_FINDINGS:,} findings" in meaning
    assert f"{MAX_SCALAR:,} characters per value" in meaning
    assert f"at most {MAX_INTEGER_DIGITS} digits" in CODES["ARC007"].meaning
