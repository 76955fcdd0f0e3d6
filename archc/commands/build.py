"""archc build: a spec as one standalone source file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.backend import EmittedSource, Origin
from archc.console.emission import backend_named, emit, placement_for, sealed
from archc.console.specs import OutputFormat, OutputFormatOption, SpecArgument, facts_or_exit, resolve_aloud, spec_name
from archc.console.staleness import staleness
from archc.console.writing import STANDARD_OUTPUT, write_out, write_sealed
from archc.failure import Failure
from archc.language.spec import Strategy
from archc.passes.placement import Placement
from archc.report.staleness import Reason, why
from archc.wording import visible

BackendOption = Annotated[str, typer.Option("--backend", help="torch, keras, or another installed backend.")]


def build(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The file to write, - for standard output.",
            show_default="NAME_BACKEND.py, NAME_BACKEND_columns.py",
        ),
    ] = None,
    parallel: Annotated[
        Strategy | None,
        typer.Option(help="Emit what each of the spec's devices, else of two, computes.", show_default="one device"),
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
        raise Failure("`--check` writes nothing, `--force` overwrites", help="use one of them", code=2)
    if output == STANDARD_OUTPUT and (check or output_format is OutputFormat.json):
        raise Failure("`-o -` writes source to standard output, nothing else", help="name a file", code=2)
    path = resolve_aloud(spec)
    facts, data = facts_or_exit(path)
    chosen = backend_named(backend)
    origin = Origin.of(str(path), data)
    placement = placement_for(chosen, facts, parallel)
    source = emit(chosen, facts, origin, placement)
    if output == STANDARD_OUTPUT:
        write_out(source.text)
        return
    place = output or Path(
        "_".join([facts.graph.name, chosen.name, *([placement.strategy] if placement else [])]) + ".py"
    )
    stale: tuple[Reason, ...] = ()
    if check:
        stale = staleness(place, origin, lambda other: sealed(chosen, facts, other, placement).text)
    else:
        write_sealed(place, source.text, force=force)
    if output_format is OutputFormat.json:
        from archc.report.build_json import as_json

        document = as_json(
            source,
            spec=spec_name(path),
            output=str(place),
            backend=chosen.name,
            parallel=placement.strategy if placement else None,
            parameters=facts.counts.parameters,
            stale=stale,
        )
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(f"{visible(str(place))}{_told(source, facts, placement, stale, checked=check)}")
    raise typer.Exit(1 if stale else 0)


def _told(
    source: EmittedSource, facts: Facts, placement: Placement | None, stale: tuple[Reason, ...], *, checked: bool
) -> str:
    """What was found or done, after the file's name."""
    if stale:
        return f" is stale: {why(stale)}"
    held = f"{facts.counts.parameters:,} parameters"
    if placement is not None:
        own = sum(share.parameters for share in placement.shares.values())
        held = f"{own:,} of {held} on each of {placement.devices} devices"
    return f": {'up to date, ' if checked else ''}class {source.class_name}, {held}"
