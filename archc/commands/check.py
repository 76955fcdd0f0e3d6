"""archc check: is the spec right, and what network is it?"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import typer

from archc.analysis import Analysis, Facts, analyse
from archc.commands.specs import (
    OutputFormat,
    OutputFormatOption,
    SpecArgument,
    read_bytes,
    resolve_aloud,
    show_findings,
)
from archc.commands.terminal import wants_colour

# Wide enough for any table where no terminal says otherwise.
_PIPE_WIDTH = 200


def check(
    spec: SpecArgument = None,
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """Validate a spec, infer its shapes, and print its layer table, totals and exchanges. Exit 1 on an error."""
    path = resolve_aloud(spec)
    analysis = analyse(read_bytes(path), str(path))
    if output_format is OutputFormat.json:
        _print_json(path, analysis)
    else:
        if analysis.facts is not None:
            _print_network(path, analysis.facts)
        show_findings(analysis, err=False)
    raise typer.Exit(0 if analysis.facts is not None else 1)


def _print_network(path: Path, facts: Facts) -> None:
    from archc.diagnostics.text import ansi, unstyled
    from archc.report.network import network

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH
    style = ansi if wants_colour(sys.stdout) else unstyled
    typer.echo(f"{path} holds\n{network(facts, width=width, style=style)}", color=True)


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
