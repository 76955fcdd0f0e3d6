"""archc schema: the schema of specs and those of JSON output, which an independent validator checks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from recorded import write_outcomes

from archc.commands.schema import documents
from archc.language.schema import json_schema

SPECS = Path(__file__).parents[2] / "specs"
BAD = Path(__file__).parents[1] / "specs" / "bad"
GOOD = Path(__file__).parents[1] / "specs" / "good"
BLOCKS = Path(__file__).parents[1] / "figure" / "specs"

PRINTS = {
    "check": [[SPECS], [GOOD], [BAD], [BLOCKS]],
    "explain": [["ARC210"], ["conv2d"], []],
    "build": [
        [GOOD / "branches.yaml", "-o", "net.py"],
        [GOOD / "branches.yaml", "--check"],
        [BAD / "groups_of_filters.yaml"],
        [BAD / "advice_on_kernels.yaml", "-o", "kernels.py"],
    ],
    "runs": [["runs"]],
    "backends": [[]],
    # tests/commands/test_use.py and test_study.py have the runs that these are about.
    "evaluate": [],
    "predict": [],
    "study": [],
    "plan": [
        *([SPECS / "alexnet.yaml", "--gpus", gpus] for gpus in ("1", "2", "16")),
        *([BAD / name] for name in ("groups_of_filters.yaml", "advice_on_kernels.yaml", "bracket.yaml")),
    ],
    "diff": [
        *([GOOD / "branches.yaml", GOOD / other] for other in ("branches.yaml", "windows.yaml", "recipe.yaml")),
        [BLOCKS / "resnet18.yaml", BLOCKS / "densenet.yaml"],
        [GOOD / "branches.yaml", BAD / "groups_of_filters.yaml"],
        [BAD / "bracket.yaml", BAD / "groups_of_filters.yaml"],
    ],
}
"""Arguments with which each command prints all kinds of JSON that it does."""


def test_it_prints_the_schema_in_ascii_so_that_no_terminal_spoils_it(archc) -> None:
    result = archc("schema")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == json_schema()
    assert result.out.isascii()
    assert result.out == archc("schema").out


def test_every_command_that_prints_json_is_tried_here() -> None:
    assert set(PRINTS) == set(documents())


@pytest.fixture
def schema(archc, command: str) -> dict[str, Any]:
    result = archc("schema", command)
    assert (result.code, result.err) == (0, "")
    made = json.loads(result.out)
    Draft202012Validator.check_schema(made)
    return made


@pytest.mark.parametrize("command", PRINTS)
def test_what_it_prints_is_what_its_schema_says(archc, command: str, schema: dict[str, Any], here: Path) -> None:
    write_outcomes(here / "runs")
    for arguments in PRINTS[command]:
        said = archc(command, *arguments, "--output-format", "json").out
        document = json.loads(said)
        Draft202012Validator(schema).validate(document)
        assert schema["$id"] == f"urn:archc:{command}:v{document['version']}"


def objects(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of named fields that a schema describes."""
    yield from (("Document", document) for document in schema.get("anyOf", [schema]))
    yield from schema.get("$defs", {}).items()


@pytest.mark.parametrize("command", PRINTS)
def test_every_object_is_closed_and_says_what_each_field_is(command: str, schema: dict[str, Any]) -> None:
    for name, made in objects(schema):
        assert made["additionalProperties"] is False, name
        assert set(made["required"]) == set(made["properties"]), name
        for field, kind in made["properties"].items():
            said = kind.get("description", "")
            assert said.endswith(".") and "\n" not in said, f"{name}.{field}"


@pytest.mark.parametrize(
    ("word", "help"),
    [("chekc", "did you mean `check`?"), ("fmt", f"use one of {', '.join(documents())}")],
)
def test_a_command_that_prints_no_json(archc, word: str, help: str) -> None:
    result = archc("schema", word)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"error: `{word}` is not a command with JSON output\n  {help}\n"


def test_the_classes_of_output_are_read_only_where_json_is_printed() -> None:
    """Start-up is most of what a check takes."""
    code = (
        "import sys; from archc.commands import main; sys.argv = ['archc', 'check', sys.argv[1]]\n"
        "try: main()\n"
        "finally: print(sorted(name for name in sys.modules if 'json' in name and name.startswith('archc')))"
    )
    command = [sys.executable, "-c", code, str(SPECS / "alexnet.yaml")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines()[-1] == "[]"
