"""archc fmt: format specs in the canonical layout."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from archc.console.spec_files import SkipUnmarkedOption, SpecFile, SpecsArgument, spec_files
from archc.console.specs import QuietOption, show_findings
from archc.formatting import formatted as formatted_spec
from archc.language.layout.canonical import MeaningChanged
from archc.wording import counted, visible

CheckOption = Annotated[
    bool,
    typer.Option("--check", help="Write nothing. Name the specs that would change; exit with code 1 if any would."),
]


def fmt(
    specs: SpecsArgument = None,
    check: CheckOption = False,
    quiet: QuietOption = False,
    skip_unmarked: SkipUnmarkedOption = False,
) -> None:
    """Format specs in the canonical layout.

    Change the order of fields and the white space, never comments or meaning. Rewrite files in place, and print
    standard input to standard output.

    Skip a file that is not valid YAML or has no `schema: archc/…` line, and exit with code 1.
    """
    writing = None if check else "archc fmt SPEC"
    files = spec_files(specs or [], to_write=writing, skip_unmarked=skip_unmarked, quiet=quiet)
    # Formatted standard input is the only text on standard output; messages go to standard error.
    err = not check and any(file.place is None for file in files)
    outcomes = Counter(_lay_out(file, check=check, err=err, quiet=quiet) for file in files)
    if any(file.place for file in files) and not quiet:
        typer.echo(_counts(outcomes, check=check), err=err)
    raise typer.Exit(3 if outcomes["failed"] else 1 if outcomes["skipped"] or (check and outcomes["changed"]) else 0)


def _lay_out(file: SpecFile, *, check: bool, err: bool, quiet: bool) -> str:
    """Format one spec. The outcome is `changed`, `unchanged`, `skipped` or `failed`."""
    try:
        formatted, findings, is_kept = formatted_spec(file.data, file.name)
    except MeaningChanged:
        name = visible(file.name)
        report = "The file is unchanged. Please report the error and attach the file"
        typer.echo(f"internal error: formatting would change the meaning of {name}. {report}", err=True)
        return "failed"
    if formatted is None:
        show_findings(findings, err=True)
        return "skipped"
    if not file.is_spec:
        # Almost any text is valid YAML: a shell script is one long string, which formatting would join into one line.
        typer.echo(f"error: skipped {visible(file.name)}: no `schema: archc/…` line", err=True)
        return "skipped"
    if is_kept:
        why = "formatting would move a suppression away from its advice"
        typer.echo(f"left {visible(file.name)} as it is: {why}", err=True)
    changed = formatted != file.data
    if check and changed:
        typer.echo(f"would format {visible(file.name)}")
    elif not check and (changed or file.place is None):
        file.rewrite(formatted)
        if file.place is not None and not quiet:
            typer.echo(f"formatted {visible(file.name)}", err=err)
    return "changed" if changed else "unchanged"


def _counts(outcomes: Counter[str], *, check: bool) -> str:
    """`1 spec formatted`, or `2 specs would change, 1 unchanged`."""
    changed = "would change" if check else "formatted"
    words = {"changed": changed, "unchanged": "unchanged", "skipped": "skipped", "failed": "failed"}
    first, *others = [(outcomes[outcome], word) for outcome, word in words.items() if outcomes[outcome]]
    return ", ".join([f"{counted(first[0], 'spec')} {first[1]}", *(f"{count:,} {word}" for count, word in others)])
