"""archc build: a spec as one standalone source file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archc.backend import Origin
from archc.commands.emission import backend_named, emit, sealed
from archc.commands.failure import CommandFailure
from archc.commands.specs import OutputFormat, OutputFormatOption, SpecArgument, facts_or_exit, resolve_aloud, spec_name
from archc.commands.staleness import staleness
from archc.commands.writing import STANDARD_OUTPUT, write_sealed
from archc.diagnostics.text import visible
from archc.report.staleness import Reason, why

BackendOption = Annotated[str, typer.Option("--backend", help="torch, keras, or another installed backend.")]


def build(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file to write, - for standard output.", show_default="NAME_BACKEND.py"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that archc did not emit.")] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing, say whether the file is what archc emits now; exit 1 if not."),
    ] = False,
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """Emit a spec as one standalone source file of a framework. It does not import archc."""
    if check and force:
        raise CommandFailure("`--check` writes nothing, `--force` overwrites", help="use one of them", code=2)
    if output == STANDARD_OUTPUT and (check or output_format is OutputFormat.json):
        raise CommandFailure(
            "`-o -` writes source to standard output, nothing else", help="name a file", code=2
        )
    path = resolve_aloud(spec)
    facts, data = facts_or_exit(path)
    chosen = backend_named(backend)
    origin = Origin.of(str(path), data)
    source = emit(chosen, facts, origin)
    if output == STANDARD_OUTPUT:
        typer.echo(source.text, nl=False)
        return
    place = output or Path(f"{facts.graph.name}_{chosen.name}.py")
    stale: tuple[Reason, ...] = ()
    if check:
        stale = staleness(place, origin, lambda other: sealed(chosen, facts, other).text)
    else:
        write_sealed(place, source.text, force=force)
    parameters = facts.counts.parameters
    if output_format is OutputFormat.json:
        from archc.report.build_json import as_json

        document = as_json(
            source, spec=spec_name(path), output=str(place), backend=chosen.name, parameters=parameters, stale=stale
        )
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif stale:
        typer.echo(f"{visible(str(place))} is stale: {why(stale)}")
    else:
        state = "up to date, " if check else ""
        typer.echo(f"{visible(str(place))}: {state}class {source.class_name}, {parameters:,} parameters")
    raise typer.Exit(1 if stale else 0)
