"""archc diff: what differs between two specs, whatever their texts look like?"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from archc.analysis import Facts, analyse
from archc.console.spec_files import spec_file
from archc.console.specs import show_findings
from archc.console.terminal import columns, style_of
from archc.difference.difference import difference
from archc.failure import Failure

_PIPE_WIDTH = 80


class DiffFormat(StrEnum):
    full = "full"
    json = "json"
    markdown = "markdown"


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A spec, or - for standard input.")],
    after: Annotated[str, typer.Argument(metavar="B", help="What has become of it, or - for standard input.")],
    output_format: Annotated[
        DiffFormat, typer.Option(help="For a person, for a program, or for a comment on a pull request.")
    ] = DiffFormat.full,
) -> None:
    """Say what differs between the networks of two specs.

    Layers, what follows from those, recipe, placement, totals.

    Exit 0 where both mean the same, 1 where they differ, 2 where one of them has errors.
    """
    names, facts = _both(before, after)
    found = difference(*facts)
    if output_format is DiffFormat.json:
        from archc.report.diff_json import as_json

        typer.echo(json.dumps(as_json(found, names), indent=2))
    elif output_format is DiffFormat.markdown:
        from archc.report.diff_markdown import markdown

        typer.echo(markdown(found, names), nl=False)
    else:
        from archc.report.diff import diff as text

        width = columns(sys.stdout, otherwise=_PIPE_WIDTH)
        typer.echo(text(found, names, width=width, style=style_of(sys.stdout)), color=True)
    raise typer.Exit(0 if found.is_none else 1)


def _both(before: str, after: str) -> tuple[tuple[str, str], tuple[Facts, Facts]]:
    """The names and facts of two specs; the findings of both on standard error where there is nothing to compare."""
    if before == after == "-":
        raise Failure("standard input is one spec, not two", code=2)
    old, new = (spec_file(argument) for argument in (before, after))
    analyses = [analyse(file.data, file.name) for file in (old, new)]
    first, second = (analysis.facts for analysis in analyses)
    if first and second:
        return (old.name, new.name), (first, second)
    failed = [(file.name, a.findings) for file, a in zip((old, new), analyses, strict=True) if a.facts is None]
    for _, findings in failed:
        show_findings(findings, err=True)
    raise Failure(f"nothing to compare: {' and '.join(name for name, _ in failed)} must hold", code=2)
