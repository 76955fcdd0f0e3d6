"""archc schema: the language as editors read it, and what commands print as programs read it."""

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
            metavar="COMMAND", help="Whose JSON output to describe; without it, the language.", show_default=False
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of the language, or of a command's output.

    Of archc/v1 for editors, of what a command prints as JSON for programs.
    """
    typer.echo(json.dumps(json_schema() if command is None else _of_output(command), indent=2))


def documents() -> dict[str, str]:
    """Each command that prints JSON, and the module that has the class of what it prints: `CheckJson` of `check`."""
    named = {name: f"archc.report.{name}_json" for name in EXAMPLES}
    return {name: module for name, module in named.items() if find_spec(module)}


def _of_output(command: str) -> dict[str, object]:
    known = documents()
    if command not in known:
        guess = nearest(command, known)
        help = f"did you mean `{guess}`?" if guess else f"those that do: {', '.join(known)}"
        raise Failure(f"no command `{command[:64]}` prints JSON", help=help, code=2)
    return output_schema(command, getattr(import_module(known[command]), f"{command.capitalize()}Json"))
