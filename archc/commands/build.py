"""archc build: a spec as one standalone source file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archc.backend import Origin
from archc.commands.emission import backend_named, emit
from archc.commands.failure import CommandFailure
from archc.commands.specs import OutputFormat, OutputFormatOption, SpecArgument, facts_or_exit, resolve_aloud
from archc.commands.writing import write_whole
from archc.emit.seal import is_sealed, was_sealed

BackendOption = Annotated[str, typer.Option("--backend", help="torch, keras, or another installed backend.")]


def build(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write.", show_default="NAME_BACKEND.py")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that archc did not emit.")] = False,
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """Emit a spec as one standalone source file of a framework. It does not import archc."""
    path = resolve_aloud(spec)
    facts, data = facts_or_exit(path)
    chosen = backend_named(backend)
    source = emit(chosen, facts, Origin.of(str(path), data))
    place = output or Path(f"{facts.graph.name}_{chosen.name}.py")
    write_source(place, source.text, force=force)
    if output_format is OutputFormat.json:
        from archc.report.build_json import as_json

        parameters = facts.counts.parameters
        document = as_json(source, spec=str(path), output=str(place), backend=chosen.name, parameters=parameters)
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(f"{place}: class {source.class_name}, {facts.counts.parameters:,} parameters")


def write_source(place: Path, text: str, *, force: bool) -> None:
    """Write emitted source, whole or not at all, and over nothing that archc did not write."""
    try:
        if place.exists() and not place.is_file():
            raise CommandFailure(
                f"{place} is no file that source could be written to", help="choose another: -o", code=2
            )
        if place.exists() and not force:
            _refuse_foreign(place)
        write_whole(place, text.encode())
    except OSError as error:
        raise CommandFailure(
            f"cannot write {place}: {error.strerror}", help="choose another place: -o", code=3
        ) from error


def _refuse_foreign(place: Path) -> None:
    present = place.read_text(encoding="utf-8", errors="replace")
    if is_sealed(present):
        return
    why = "has been edited since archc emitted it" if was_sealed(present) else "was not emitted by archc"
    raise CommandFailure(f"{place} {why}", help="`--force` overwrites it, `-o` chooses another place", code=2)
