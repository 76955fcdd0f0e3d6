"""archc schema: JSON Schemas of the language, for editors, and of the commands' output, for programs."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from archc.commands import EXAMPLES
from archc.failure import Failure
from archc.language.schema import json_schema, output_schema
from archc.language.vocabulary import nearest


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
    return output_schema(command, getattr(import_module(known[command]), f"{command.capitalize()}Json"))
