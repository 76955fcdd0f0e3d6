"""archc diff: compare the networks of two specs, not their texts."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from archc.analysis import Facts, analyse
from archc.console.spec_files import spec_file
from archc.console.specs import QuietOption, print_document_of, show_findings
from archc.console.terminal import columns, style_of
from archc.diagnostics.finding import Finding
from archc.difference.difference import difference
from archc.failure import Failure


class DiffFormat(StrEnum):
    full = "full"
    json = "json"
    markdown = "markdown"


def diff(
    before: Annotated[
        str, typer.Argument(metavar="OLD", help="Old spec, or - for standard input; SPEC:NAME is a variant of it.")
    ],
    after: Annotated[
        str, typer.Argument(metavar="NEW", help="New spec, or - for standard input; SPEC:NAME is a variant of it.")
    ],
    output_format: Annotated[
        DiffFormat, typer.Option(help="Format of the output. Markdown is meant for a comment on a pull request.")
    ] = DiffFormat.full,
    quiet: QuietOption = False,
) -> None:
    """Compare the networks of two specs.

    Print the changed layers, their effects on later layers, the changes outside the layers, and the totals. Exit with
    code 0 if the specs are equivalent, 1 if they differ, and 2 if the shapes of one have errors.
    """
    names, (old, new), faults = _both(before, after, output_format)
    found = difference(old, new)
    if output_format is DiffFormat.json:
        from archc.report.diff_json import as_json

        typer.echo(json.dumps(as_json(found, names, faults), indent=2))
    elif output_format is DiffFormat.markdown:
        from archc.report.diff_markdown import markdown

        typer.echo(markdown(found, names, faults), nl=False)
    elif not quiet:
        from archc.report.diff import diff as text

        width = columns(sys.stdout)
        typer.echo(text(found, names, faults, width=width, style=style_of(sys.stdout)), color=True)
    raise typer.Exit(0 if found.is_none else 1)


def _both(
    before: str, after: str, output_format: DiffFormat
) -> tuple[tuple[str, str], tuple[Facts, Facts], list[Finding]]:
    """The names and facts of two specs, and their errors. If one prevents shapes, the findings are printed."""
    if before == after == "-":
        raise Failure("standard input can be only one of the two specs", code=2)
    old, new = (spec_file(argument) for argument in (before, after))
    analyses = [analyse(file.data, file.name, file.asked) for file in (old, new)]
    first, second = (analysis.known for analysis in analyses)
    if first and second:
        errors = dict.fromkeys(f for analysis in analyses for f in analysis.findings if f.severity == "error")
        return (old.label, new.label), (first, second), list(errors)
    failed = [(file.label, a.findings) for file, a in zip((old, new), analyses, strict=True) if a.known is None]
    if output_format is DiffFormat.json:
        print_document_of([finding for _, findings in failed for finding in findings])
    else:
        for _, findings in failed:
            show_findings(findings, err=True)
    verb = "has" if len(failed) == 1 else "have"
    # Code 2, since 1 always means that two networks were compared and differ.
    raise Failure(f"nothing to compare: {' and '.join(name for name, _ in failed)} {verb} errors", code=2)
