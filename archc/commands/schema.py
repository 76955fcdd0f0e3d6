"""archc schema: JSON Schemas of the language, for editors, and of the commands' output, for programs."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from archc.commands import EXAMPLES
from archc.failure import Failure
from archc.language.mistakes.vocabulary import nearest
from archc.language.schema import json_schema, output_schema
from archc.report.refused_json import COMMANDS, RefusedJson


def schema(
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="COMMAND",
            help="Command whose JSON output to describe.",
            show_default=False,
            autocompletion=lambda: [*documents()],
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of specs, or of a command's output.

    Without a command, print the schema of specs (archc/v1), which editors use. With a command, print the schema of its
    JSON output.
    """
    typer.echo(json.dumps(json_schema() if command is None else _of_output(command), indent=2))


def documents() -> dict[str, str]:
    """The commands with JSON output, each with the module of its class: `CheckJson` for `check`."""
    # find_spec looks for the module without importing it.
    named = {name: f"archc.report.{name}_json" for name in EXAMPLES}
    return {name: module for name, module in named.items() if find_spec(module)}


def _of_output(command: str) -> dict[str, object]:
    known = documents()
    if command not in known:
        guess = nearest(command, known, named=True)
        help = f"did you mean `{guess}`?" if guess else f"use one of {', '.join(known)}"
        raise Failure(f"`{command[:64]}` is not a command with JSON output", help=help, code=2)
    made = output_schema(command, getattr(import_module(known[command]), f"{command.capitalize()}Json"))
    return _or_refused(command, made) if command in COMMANDS else made


def _or_refused(command: str, made: dict[str, Any]) -> dict[str, object]:
    """The schema of a command that prints another document if its spec has errors."""
    refused = output_schema(command, RefusedJson)
    definitions = refused.pop("$defs") | made.pop("$defs")
    head = {key: made.pop(key) for key in ("$schema", "$id")}
    other = {key: value for key, value in refused.items() if key not in head}
    return {**head, "anyOf": [made, other], "$defs": definitions}
