"""archc check: is the spec right, and what network is it?"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Analysis, Facts, analyse
from archc.commands.specs import SpecArgument, read_bytes, resolve, show_findings
from archc.commands.terminal import wants_colour

# Wide enough for any table where no terminal says otherwise.
_PIPE_WIDTH = 200


class OutputFormat(StrEnum):
    full = "full"
    json = "json"


def check(
    spec: SpecArgument = None,
    output_format: Annotated[OutputFormat, typer.Option(help="For a person, or for a program.")] = OutputFormat.full,
) -> None:
    """Validate a spec, infer its shapes, and print its layer table, totals and exchanges. Exit 1 on an error."""
    path = resolve(spec)
    analysis = analyse(read_bytes(path), str(path))
    if output_format is OutputFormat.json:
        _print_json(path, analysis)
    else:
        if analysis.facts is not None:
            _print_network(path, analysis.facts)
        show_findings(analysis, err=False)
    raise typer.Exit(0 if analysis.facts is not None else 1)


def _print_network(path: Path, facts: Facts) -> None:
    from rich.console import Console

    from archc.report.network import network

    console = Console(
        width=None if sys.stdout.isatty() else _PIPE_WIDTH, highlight=False, no_color=not wants_colour(sys.stdout)
    )
    typer.echo(f"{path} holds")
    console.print(network(facts), soft_wrap=False)


def _print_json(path: Path, analysis: Analysis) -> None:
    from archc.diagnostics.json import as_json as finding_as_json
    from archc.report.facts_json import as_json as facts_as_json

    result = {
        "spec": str(path),
        "holds": analysis.facts is not None,
        "findings": [finding_as_json(finding) for finding in analysis.findings],
        "network": facts_as_json(analysis.facts) if analysis.facts is not None else None,
    }
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False))
