"""archc build: a spec as one standalone source file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archc.backend import Origin
from archc.commands.emission import backend_named, emit
from archc.commands.specs import OutputFormat, OutputFormatOption, SpecArgument, facts_or_exit, resolve_aloud
from archc.commands.writing import write_sealed

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
    write_sealed(place, source.text, force=force)
    if output_format is OutputFormat.json:
        from archc.report.build_json import as_json

        parameters = facts.counts.parameters
        document = as_json(source, spec=str(path), output=str(place), backend=chosen.name, parameters=parameters)
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(f"{place}: class {source.class_name}, {facts.counts.parameters:,} parameters")
