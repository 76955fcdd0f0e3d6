"""archc fmt: every spec in its one layout."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from archc.commands.failure import CommandFailure
from archc.commands.specs import packaged_specs, read_bytes, resolve_aloud
from archc.commands.writing import write_whole
from archc.diagnostics.finding import Finding
from archc.layout.canonical import MeaningChanged, canonical
from archc.yaml_reader import MAX_BYTES

SpecsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="SPEC",
        help="Specs, folders of *.yaml and *.yml, or - for standard input, laid out to standard output; "
        "by default specs/alexnet.yaml.",
        show_default=False,
    ),
]
CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing, name what would change; exit 1 if any.")]


def fmt(specs: SpecsArgument = None, check: CheckOption = False) -> None:
    """Lay specs out in the one canonical way: comments and meaning stay, order and white space are archc's.

    A text that cannot be read as a spec's YAML is left alone and its findings are shown, exit 1.
    """
    outcomes = Counter(_lay_out(path, check=check) for path in _files(specs))
    if specs != [Path("-")]:
        _count(outcomes, check=check)
    raise typer.Exit(3 if outcomes["defect"] else 1 if outcomes["unreadable"] or (check and outcomes["changed"]) else 0)


def _files(specs: list[Path] | None) -> list[Path]:
    if not specs:
        return [resolve_aloud(None)]
    files: list[Path] = []
    for spec in specs:
        inside = [file for file in spec.rglob("*") if file.suffix in (".yaml", ".yml")] if spec.is_dir() else [spec]
        if not inside:
            help = f"the specs that come with archc are in {packaged_specs()}"
            raise CommandFailure(f"there is no *.yaml or *.yml in {spec}", help=help, code=2)
        files += sorted(inside)
    return list(dict.fromkeys(files))


def _lay_out(path: Path, *, check: bool) -> str:
    """What became of a spec: `changed`, `unchanged`, `unreadable`, or `defect` of archc."""
    stdin = path == Path("-")
    name = "<stdin>" if stdin else str(path)
    data = sys.stdin.buffer.read(MAX_BYTES + 1) if stdin else read_bytes(path)
    try:
        formatted, findings = canonical(data, name)
    except MeaningChanged:
        typer.echo(f"error: a defect of archc: {name} would not mean the same; it was left as it is", err=True)
        return "defect"
    if formatted is None:
        _show(findings)
        return "unreadable"
    if check:
        if formatted != data:
            typer.echo(f"would format {name}")
    elif stdin:
        typer.echo(formatted, nl=False)
    elif formatted != data:
        _write(path, formatted)
        typer.echo(f"formatted {name}")
    return "unchanged" if formatted == data else "changed"


def _write(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as error:
        raise CommandFailure(f"cannot write {path}: {error.strerror}", code=3) from error


def _show(findings: list[Finding]) -> None:
    from archc.commands.terminal import wants_colour
    from archc.diagnostics.text import ansi, render, unstyled

    typer.echo(render(findings, ansi if wants_colour(sys.stderr) else unstyled), err=True, color=True)


def _count(outcomes: Counter[str], *, check: bool) -> None:
    said = {"changed": "would change" if check else "formatted", "unchanged": "in layout", "unreadable": "left alone"}
    counts = [f"{outcomes[outcome]} {words}" for outcome, words in said.items() if outcomes[outcome]]
    typer.echo(f"specs: {', '.join(counts)}")
