"""Findings for programs: the same words, and places that count from one."""

import json

from archc.analysis import analyse
from archc.diagnostics.json import as_json

TEXT = """schema: archc/v1
name: small
input: {漢: 3}
layers:
  "a b": {op: relu}
  relu1: {op: relu}
  relu1: {op: relu}
"""


def test_a_finding_says_all_that_the_text_says() -> None:
    findings = [as_json(finding) for finding in analyse(TEXT.encode(), "a.yaml").findings]
    assert json.loads(json.dumps(findings)) == findings
    assert [finding["code"] for finding in findings] == ["ARC106", "ARC105", "ARC106", "ARC005"]
    assert findings[-1] == {
        "file": "a.yaml",
        "line": 7,
        "column": 3,
        "end_line": 7,
        "end_column": 8,
        "code": "ARC005",
        "severity": "error",
        "message": "duplicate key `relu1`; first defined on line 6",
        "notes": [],
        "help": "rename the second key, or delete one of the two",
        "related": [
            {"file": "a.yaml", "line": 6, "column": 3, "end_line": 6, "end_column": 8, "label": "first defined here"},
        ],
        "places": [],
        "fix": [],
    }


def test_columns_are_code_points() -> None:
    value = as_json(analyse(TEXT.encode(), "a.yaml").findings[1])
    assert (value["line"], value["column"], value["end_column"]) == (3, 12, 13)


def test_a_fix_is_what_to_write_where() -> None:
    text = TEXT.replace("op: relu", "op: ReLU", 1)
    (finding,) = [f for f in map(as_json, analyse(text.encode(), "a.yaml").findings) if f["code"] == "ARC102"]
    place = {"file": "a.yaml", "line": 5, "column": 15, "end_line": 5, "end_column": 19}
    assert finding["fix"] == [{**place, "text": "relu"}]
    assert {key: finding[key] for key in place} == place
