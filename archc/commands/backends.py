"""archc backends: the installed backends, and the reason that one cannot be used."""

from __future__ import annotations

import json
import sys

import typer

from archc.backend import OWN, installations
from archc.console.specs import OutputFormat, OutputFormatOption
from archc.console.terminal import columns
from archc.failure import Failure
from archc.installing import backend_help


def backends(output_format: OutputFormatOption = OutputFormat.full) -> None:
    """List the installed backends.

    For each backend, print its distribution, its frameworks, and whether it emits and trains. Exit with code 3 if a
    backend cannot be used or none is installed.
    """
    found = installations()
    if output_format is OutputFormat.json:
        from archc.report.backends_json import as_json

        typer.echo(json.dumps(as_json(found), indent=2))
    elif found:
        from archc.report.backends import backends as table

        typer.echo(table(found, width=columns(sys.stdout)))
    else:
        help = " or ".join(map(backend_help, OWN))
        raise Failure("no backend is installed", help=help, code=3)
    if not found or any(each.failure for each in found):
        raise typer.Exit(3)
