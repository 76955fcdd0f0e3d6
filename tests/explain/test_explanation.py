"""The failing example of every code and op produces its finding, and the corrected example produces none."""

import pytest

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.diagnostics.codes import CODES
from archc.explain.explanation import explanation_of, names, title_of
from archc.explain.words import page_of
from archc.ops import ops

each_code = pytest.mark.parametrize("name", CODES)
each_op = pytest.mark.parametrize("name", ops())


def found(name: str) -> set[str]:
    """The codes that the failing example gives."""
    explanation = explanation_of(name)
    assert explanation is not None
    return {finding.code for finding in explanation.findings}


@each_code
def test_the_failing_example_of_a_code_gives_it_and_no_other(name: str) -> None:
    assert found(name) == {name}


@each_op
def test_the_failing_example_of_an_op_makes_one_mistake_with_it(name: str) -> None:
    (code,) = found(name)
    assert CODES[code].severity == "error"
    assert f"{{op: {name}" in ops()[name].failing


@pytest.mark.parametrize("name", names())
def test_a_corrected_example_gives_no_finding(name: str) -> None:
    explanation = explanation_of(name)
    assert explanation is not None
    assert analyse(explanation.corrected.encode(), "corrected.yaml").findings == []


@pytest.mark.parametrize("name", [name for name, code in CODES.items() if code.backend])
def test_what_only_a_backend_refuses_is_corrected_for_it(name: str) -> None:
    code = CODES[name]
    assert code.backend is not None
    assert isinstance(code.failing, str)
    assert analyse(code.failing.encode(), "failing.yaml").findings == []
    facts = analyse(code.corrected.encode(), "corrected.yaml").facts
    assert facts is not None
    origin = Origin.of("corrected.yaml", code.corrected.encode())
    assert load(code.backend).emit(Request(facts.graph, facts.counts, facts.recipe, origin)).text


def test_without_the_backend_its_finding_is_missing_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archc.backend.installed", lambda group: {})
    explanation = explanation_of("ARC501")
    assert explanation is not None
    assert explanation.findings == ()
    assert found("ARC210") == {"ARC210"}


def test_words_are_found_in_any_case() -> None:
    assert [explanation.name for word in ("arc210", "Conv2D") if (explanation := explanation_of(word))] == [
        "ARC210",
        "conv2d",
    ]
    assert explanation_of("conv3d") is None


@pytest.mark.parametrize("name", names())
def test_title_of_is_the_title_of_the_page(name: str) -> None:
    explanation = explanation_of(name)
    assert explanation is not None
    assert (explanation.name, explanation.title) == (name, title_of(name))


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("repeat", "- In every use of a block: optional. Number of copies of the block"),
        ("block", "- In every use of a block: "),
        ("from", "- In every layer: optional."),
        ("layers", "Fields of every use of a block:"),
        ("input", "Fields of an input of tokens:"),
        ("vocabulary", "- In an input of tokens: whole number from 1, required."),
    ],
)
def test_a_field_is_said_to_be_where_it_is(word: str, line: str) -> None:
    page = page_of(word)
    assert page is not None
    assert any(each.startswith(line) for part in page.parts for each in part.split("\n")), page.parts
