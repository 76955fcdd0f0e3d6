"""archc fmt: every spec in its one layout."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from archc.console.spec_files import SpecFile, SpecsArgument, spec_files
from archc.console.specs import show_findings
from archc.language.layout.canonical import MeaningChanged, canonical
from archc.wording import visible

CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing, name what would change; exit 1 if any.")]


def fmt(specs: SpecsArgument = None, check: CheckOption = False) -> None:
    """Lay specs out in the one canonical way.

    Comments and meaning stay, order and white space are archc's.

    Files are written in place, standard input goes to standard output. A text that cannot be read as a spec's YAML, or
    has no line `schema: archc/…`, is left alone, and why is said, exit 1.
    """
    files = spec_files(specs or [])
    # Standard output is for the text that came from standard input, and for nothing else.
    err = not check and any(file.place is None for file in files)
    outcomes = Counter(_lay_out(file, check=check, err=err) for file in files)
    if any(file.place for file in files):
        typer.echo(_counts(outcomes, check=check), err=err)
    raise typer.Exit(3 if outcomes["defect"] else 1 if outcomes["unreadable"] or (check and outcomes["changed"]) else 0)


def _lay_out(file: SpecFile, *, check: bool, err: bool) -> str:
    """What became of a spec: `changed`, `unchanged`, `unreadable`, or `defect` of archc."""
    try:
        formatted, findings = canonical(file.data, file.name)
    except MeaningChanged:
        name = visible(file.name)
        typer.echo(f"error: a defect of archc: {name} would not mean the same; it was left as it is", err=True)
        return "defect"
    if formatted is None:
        show_findings(findings, err=True)
        return "unreadable"
    if not file.is_spec:
        # Any text may be read as YAML, a script as one long string: the layout of specs would ruin it.
        typer.echo(f"error: {visible(file.name)} is no spec, it has no line `schema: archc/…`: left alone", err=True)
        return "unreadable"
    changed = formatted != file.data
    if check and changed:
        typer.echo(f"would format {visible(file.name)}")
    elif not check and (changed or file.place is None):
        file.rewrite(formatted)
        if file.place is not None:
            typer.echo(f"formatted {visible(file.name)}", err=err)
    return "changed" if changed else "unchanged"


def _counts(outcomes: Counter[str], *, check: bool) -> str:
    said = {"changed": "would change" if check else "formatted", "unchanged": "in layout", "unreadable": "left alone"}
    counts = [f"{outcomes[outcome]} {words}" for outcome, words in said.items() if outcomes[outcome]]
    return f"specs: {', '.join(counts)}"
