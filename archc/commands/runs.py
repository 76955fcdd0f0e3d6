"""archc runs: the training runs in a folder, and how each one ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from archc.console.specs import OutputFormat, OutputFormatOption
from archc.console.terminal import columns
from archc.history.outcomes import outcomes
from archc.wording import visible


def runs(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder that contains runs, or that of one run.")
    ] = Path("runs"),
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """List training runs with their outcome.

    For each run, print its status, spec, backend and steps, its score on the held-out examples, how long it took and
    when it started. The latest run comes last. Exit with code 1 if a run is damaged.
    """
    found = outcomes(folder)
    if output_format is OutputFormat.json:
        from archc.report.runs_json import as_json

        typer.echo(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    elif found:
        from archc.report.runs import runs as table

        typer.echo(table(found, width=columns(sys.stdout)))
    else:
        typer.echo(f"no runs in {visible(str(folder))}")
    if any(each.problem for each in found):
        raise typer.Exit(1)
