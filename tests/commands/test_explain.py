"""archc explain: a code, an op, a concept, the list of all, and unknown words."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.explain.concepts import concepts
from archc.explain.explanation import names

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"


def test_a_code(archc) -> None:
    result = archc("explain", "arc210")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("error[ARC210]: filters or maps not divisible by groups\n\n")
    assert "example.yaml:6:54: error[ARC210]: conv1's 8 filters do not split into 3 groups" in result.out
    assert result.out.endswith("groups: 3}\n")


def test_an_op(archc) -> None:
    result = archc("explain", "max_pool2d")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("max_pool2d: The largest value of each window")
    assert "error[ARC103]: pool1 needs `stride`" in result.out


def test_a_concept(archc) -> None:
    result = archc("explain", "MACs")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("macs: How archc counts parameters and operations, and why other tools differ\n\n")
    assert "\n    archc                            714,188,480\n" in result.out


def test_all_of_them_a_row_each(archc) -> None:
    result = archc("explain")
    assert (result.code, result.err) == (0, "")
    _, *rows = [line for line in result.out.splitlines() if not line.startswith(" ")]
    assert [row.split()[0] for row in rows] == [*names(), *concepts()]


@pytest.mark.parametrize(
    ("word", "help"),
    [
        ("ARC21", "did you mean `ARC210`?"),
        ("linear", "did you mean `dense`?"),
        ("mac", "did you mean `macs`?"),
        ("MaxPool2d", "did you mean `max_pool2d`?"),
        ("", "list all names with `archc explain`"),
        ("zzz", "list all names with `archc explain`"),
    ],
)
def test_an_unknown_word(archc, word: str, help: str) -> None:
    result = archc("explain", word)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: unknown code, op or concept `{word}`\n  {help}\n"


def test_a_word_with_an_escape_of_a_terminal(archc) -> None:
    assert archc("explain", "\x1b[31m").err.startswith("error: unknown code, op or concept `\\u001b[31m`\n")


def test_json_of_one_and_of_all(archc) -> None:
    (one,) = json.loads(archc("explain", "ARC001", "--output-format", "json").out)["explanations"]
    assert (one["name"], one["severity"], one["fields"]) == ("ARC001", "error", [])
    assert one["failing"].startswith("title: Caf\\xe9\n")
    assert [(finding["code"], finding["line"]) for finding in one["findings"]] == [("ARC001", 1)]
    every = json.loads(archc("explain", "--output-format", "json").out)
    assert [page["name"] for page in every["explanations"]] == names()
    (dropout,) = (page for page in every["explanations"] if page["name"] == "dropout")
    assert [(field["name"], field["default"]) for field in dropout["fields"]] == [("rate", None)]
    assert [page["name"] for page in every["concepts"]] == [*concepts()]
    only = json.loads(archc("explain", "macs", "--output-format", "json").out)
    assert (only["explanations"], [page["name"] for page in only["concepts"]]) == ([], ["macs"])


def test_the_reference_is_as_archc_explains(archc, golden: Callable[[Path, str], None]) -> None:
    """Stale? `archc explain --output-format markdown > docs/reference.md`."""
    golden(REFERENCE, archc("explain", "--output-format", "markdown").out)
