"""archc check: several specs, folders, standard input, output formats and --strict."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def bad(small: Path) -> Path:
    """A spec with two errors beside small.yaml."""
    text = small.read_text().replace("filters: 4", "filter: 4").replace("relu", "rely")
    Path("bad.yaml").write_text(text)
    return Path("bad.yaml")


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    """Give bytes on standard input."""

    def stdin(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return stdin


def test_several_specs_have_a_line_each_the_findings_and_a_count(archc, small: Path, bad: Path) -> None:
    result = archc("check", small, bad)
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert lines[0] == "small.yaml is valid"
    assert lines[1].startswith("bad.yaml:6:23: error[ARC101]: ")
    assert lines[-1] == "2 specs checked, 1 with errors; 2 errors"
    assert "parameters" not in result.out


def test_several_valid_specs(archc, small: Path) -> None:
    Path("other.yml").write_text(small.read_text().replace(", weight_init: {normal: {std: 0.1}}", ""))
    result = archc("check", "small.yaml", "other.yml", "./small.yaml")
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[:2] == ["small.yaml is valid", "other.yml is valid"]
    assert lines[-1] == "2 specs checked, all valid; 1 piece of advice"


def test_a_folder_means_its_specs_by_path_and_reports_skipped_files(archc, small: Path) -> None:
    text = small.read_text()
    for name in ("z/b.yaml", "z/a.yml", "a/c.yaml", "a/.hidden/d.yaml", ".git/e.yaml"):
        Path("specs", name).parent.mkdir(parents=True, exist_ok=True)
        Path("specs", name).write_text(text)
    Path("specs/workflow.yaml").write_text("on: push\n")
    Path("specs/notes.txt").write_text(text)
    Path("specs/folder.yaml").mkdir()
    result = archc("check", "specs")
    assert result.code == 0
    assert result.out.splitlines() == [
        "specs/a/c.yaml is valid",
        "specs/z/a.yml is valid",
        "specs/z/b.yaml is valid",
        "3 specs checked, all valid",
    ]
    assert result.err == "skipped 1 YAML file in specs/: no `schema: archc/…` line\n"


@pytest.mark.parametrize(
    "head",
    [
        "schema: archc/v1\n",
        "\ufeffschema: archc/v1\n",
        "# a comment\r\nschema :   'archc/v1'\r\n",
        '# a comment\rschema: "archc/v2"\r',
        '{"schema": "archc/v1", ',
        "{name: a, schema: archc/v1, ",
    ],
)
def test_a_file_with_a_schema_line_is_never_skipped(archc, here: Path, head: str) -> None:
    Path("specs").mkdir()
    Path("specs/a.yaml").write_bytes(head.encode())
    result = archc("check", "specs")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("specs/a.yaml:")


def test_a_folder_without_a_spec(archc, here: Path) -> None:
    Path("a.yaml").write_text("a: schema: archc/v1 is no such line\n")
    result = archc("check", ".")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: no spec in ./: no YAML file has a `schema: archc/…` line\n"


def test_a_file_that_is_not_there_is_said_before_anything_is_checked(archc, small: Path) -> None:
    result = archc("check", small, "nothing.yaml")
    assert (result.code, result.out) == (2, "")


def test_standard_input(archc, small: Path, stdin) -> None:
    stdin(small.read_bytes())
    result = archc("check", "-")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[:2] == ["<stdin> is valid", "A small network"]
    stdin(b"schema: archc/v2")
    assert archc("check", "-").out.startswith("<stdin>:1:")


@pytest.mark.parametrize(
    ("redirection", "said"),
    [("<&-", "standard input is closed"), ("0>out", "cannot read standard input: Bad file descriptor")],
)
def test_a_standard_input_that_cannot_be_read(here: Path, redirection: str, said: str) -> None:
    command = f"'{sys.executable}' -c 'from archc.commands import main; main()' check - {redirection}"
    done = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {said}\n")


def test_standard_input_among_others(archc, small: Path, stdin) -> None:
    stdin(small.read_bytes())
    assert archc("check", small, "-").out.splitlines() == [
        "small.yaml is valid",
        "<stdin> is valid",
        "2 specs checked, all valid",
    ]


def test_strict_counts_advice(archc, small: Path) -> None:
    small.write_text(small.read_text().replace(", weight_init: {normal: {std: 0.1}}", ""))
    assert archc("check", small).code == 0
    result = archc("check", small, "--strict")
    assert result.code == 1
    assert "advice[ARC901]" in result.out
    assert result.err == "failing on 1 piece of advice (--strict)\n"


def test_strict_without_advice(archc, small: Path) -> None:
    result = archc("check", small, "--strict")
    assert (result.code, result.err) == (0, "")


def test_concise(archc, small: Path, bad: Path) -> None:
    result = archc("check", small, bad, "--output-format", "concise")
    assert (result.code, result.err) == (1, "")
    assert result.out == (
        "bad.yaml:6:23: error[ARC101]: unknown field `filter` in conv1\n"
        "bad.yaml:7:15: error[ARC102]: unknown op `rely`\n"
    )
    assert archc("check", small, "--output-format", "concise").out == ""


def test_github(archc, small: Path, bad: Path) -> None:
    result = archc("check", small, bad, "--output-format", "github")
    assert (result.code, result.err) == (1, "")
    heads = [line.split(",title=")[0] for line in result.out.splitlines()]
    assert heads == [
        "::error file=bad.yaml,line=6,col=23,endLine=6,endColumn=29",
        "::error file=bad.yaml,line=7,col=15,endLine=7,endColumn=19",
    ]


def test_json_is_one_document_of_all(archc, small: Path, bad: Path) -> None:
    result = archc("check", bad, small, "--output-format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)
    assert document["version"] == 1
    assert [(spec["spec"], spec["holds"], len(spec["findings"])) for spec in document["specs"]] == [
        ("bad.yaml", False, 2),
        ("small.yaml", True, 0),
    ]
    assert document["specs"][0]["findings"][0]["fix"][0]["text"] == "filters"


def test_sarif_is_one_run_of_all(archc, small: Path, bad: Path) -> None:
    result = archc("check", small, bad.resolve(), "--output-format", "sarif")
    assert (result.code, result.err) == (1, "")
    (run,) = json.loads(result.out)["runs"]
    assert [found["ruleId"] for found in run["results"]] == ["ARC101", "ARC102"]
    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "bad.yaml"}


@pytest.mark.parametrize("output_format", ["full", "concise", "json", "github", "sarif"])
def test_the_same_again(archc, small: Path, bad: Path, output_format: str) -> None:
    said = archc("check", bad, small, ".", "--output-format", output_format).out
    assert said == archc("check", bad, small, ".", "--output-format", output_format).out


OTHERS = {
    "workflow.yaml": b"on: push\n",
    "utf16.yaml": "schema: archc/v1".encode("utf-16"),
    "empty.yml": b"",
    "x": b"\xff",
}


@pytest.mark.parametrize("command", [["check"], ["fmt"], ["fmt", "--check"], ["check", "--fix"], ["check", "--strict"]])
def test_files_without_a_schema_line_are_skipped_on_request(archc, small: Path, command: list[str]) -> None:
    """As pre-commit passes them: every YAML file of a repository, of which few are specs."""
    archc("fmt", small)
    for name, data in OTHERS.items():
        Path(name).write_bytes(data)
    result = archc(*command, "--skip-unmarked", *OTHERS)
    assert (result.code, result.out) == (0, "")
    assert result.err == "skipped 4 YAML files: no `schema: archc/…` line\n"
    assert {name: Path(name).read_bytes() for name in OTHERS} == OTHERS
    text = small.read_text()
    result = archc(*command, "--skip-unmarked", *OTHERS, small)
    assert (result.code, result.err) == (0, "skipped 4 YAML files: no `schema: archc/…` line\n")
    assert "1 spec " in result.out
    assert small.read_text() == text
    small.write_text(text.replace("op: relu", "op:   rely"))
    assert archc(*command, "--skip-unmarked", *OTHERS, small).code == 1 or command == ["fmt"]


@pytest.mark.parametrize(
    ("text", "is_spec"),
    [
        ("schema: archc/v1\n", True),
        ("name: a\n'schema' : archc/v1\n", True),
        ("{name: a, schema: archc/v1}\n", True),
        ('# A spec.\n---\n{\n  "input": {"image": [1, 2, 3]},\n  "schema": "archc/v1"\n}\n', True),
        ("\ufeffschema: archc/v1\n", True),
        ("data:\n  spec.yaml: |\n    schema: archc/v1\n", False),
        ("x: |\n  schema: archc/v1\n", False),
        ("spec:\n  schema: archc/v1\n", False),
        ("spec: {schema: archc/v1}\n", False),
        ('{"spec": {"schema": "archc/v1"}}\n', False),
        ("# schema: archc/v1\n", False),
    ],
)
def test_only_a_key_of_the_whole_file_marks_a_spec(archc, here: Path, text: str, is_spec: bool) -> None:
    Path("x.yaml").write_text(text, encoding="utf-8")
    assert ("skipped" in archc("check", "--skip-unmarked", "x.yaml").err) != is_spec


def test_nothing_is_skipped_without_the_flag(archc, small: Path) -> None:
    Path("workflow.yaml").write_bytes(OTHERS["workflow.yaml"])
    assert archc("check", "workflow.yaml", small).code == 1


@pytest.mark.parametrize("command", [["check"], ["fmt"], ["fmt", "--check"], ["check", "--fix"], ["check", "--strict"]])
@pytest.mark.parametrize("data", [b"on: push\n", b"", b"{}"])
def test_standard_input_is_skipped_like_a_file_and_keeps_its_text(
    archc, here: Path, stdin, command: list[str], data: bytes
) -> None:
    stdin(data)
    result = archc(*command, "--skip-unmarked", "-")
    assert (result.code, result.err) == (0, "skipped 1 YAML file: no `schema: archc/…` line\n")
    is_written = command in (["fmt"], ["check", "--fix"])
    assert result.out.encode() == (data if is_written else b"")


def test_a_workflow_is_one_finding(archc, here: Path) -> None:
    for text in (
        "name: ci\non: [push]\njobs: {test: {runs-on: ubuntu, steps: []}}\n",
        "name: an action\ndescription: x\ninputs: {a: {}}\noutputs: {b: {}}\nruns: {using: node20}\n",
        "version: '3'\nservices: {web: {image: nginx}}\n",
        "openapi: 3.0.0\ninfo: {title: x}\npaths: {}\n",
        "image: python\nstages: [test]\n",
        "{}\n",
    ):
        Path("other.yaml").write_text(text)
        result = archc("check", "--output-format", "concise", "other.yaml")
        message = "other.yaml:1:1: error[ARC103]: not an archc spec: it has no `schema`, `input` or `layers`\n"
        assert (result.code, result.out) == (1, message)


def test_one_of_several_files_is_a_spec_whose_table_is_not_shown(archc, small: Path) -> None:
    Path("workflow.yaml").write_bytes(OTHERS["workflow.yaml"])
    assert "parameters" not in archc("check", "--skip-unmarked", small, "workflow.yaml").out
    assert "parameters" in archc("check", "--skip-unmarked", small).out


@pytest.mark.parametrize("how", ["json", "sarif"])
def test_a_program_gets_a_document_without_specs(archc, here: Path, how: str) -> None:
    Path("workflow.yaml").write_bytes(OTHERS["workflow.yaml"])
    result = archc("check", "--skip-unmarked", "--output-format", how, "workflow.yaml")
    assert result.code == 0
    document = json.loads(result.out)
    assert (document["specs"] if how == "json" else document["runs"][0]["results"]) == []


def test_a_folder_without_specs_is_skipped_on_request(archc, here: Path) -> None:
    Path("other").mkdir()
    Path("other/workflow.yaml").write_bytes(OTHERS["workflow.yaml"])
    assert archc("check", "other").code == 2
    result = archc("check", "--skip-unmarked", "other")
    assert (result.code, result.out) == (0, "")
    assert result.err == "skipped 1 YAML file in other/: no `schema: archc/…` line\n"
    Path("empty").mkdir()
    result = archc("check", "--skip-unmarked", "empty")
    assert (result.code, result.out, result.err) == (0, "", "")
