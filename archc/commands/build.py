"""archc build: emit a spec as one standalone source file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.backend import EmittedSource, Origin, load, names_of_backends
from archc.console.emission import emit, placement_for, sealed
from archc.console.specs import (
    OutputFormat,
    OutputFormatOption,
    QuietOption,
    SetOption,
    SpecArgument,
    VariantOption,
    facts_and_advice,
    resolve,
    standalone,
)
from archc.console.staleness import staleness
from archc.console.writing import STANDARD_OUTPUT, write_out, write_sealed
from archc.failure import Failure
from archc.language.spec import Strategy
from archc.passes.placement import Placement
from archc.report.staleness import Reason, why
from archc.wording import visible

BackendOption = Annotated[
    str,
    typer.Option(
        "--backend", help="Backend to use: torch, keras or another installed one.", autocompletion=names_of_backends
    ),
]


def build(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, or - for standard output.",
            show_default="NAME_BACKEND.py, NAME_BACKEND_columns.py",
        ),
    ] = None,
    parallel: Annotated[
        Strategy | None,
        typer.Option(
            help="Emit the part that each device computes under this strategy. The number of devices comes from the "
            "spec, or is 2.",
            show_default="the whole network",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that archc did not emit or that was edited.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing. Report whether the file is up to date; exit with code 1 if not."),
    ] = False,
    output_format: OutputFormatOption = OutputFormat.full,
    quiet: QuietOption = False,
    variant: VariantOption = None,
    values: SetOption = None,
) -> None:
    """Emit a spec as a standalone source file.

    The file imports the backend's framework, but not archc.
    """
    if check and force:
        raise Failure("`--check` and `--force` cannot be used together", help="use only one of them", code=2)
    if output == STANDARD_OUTPUT and check:
        message = "`--check` compares a file; it cannot be used with `-o -`"
        raise Failure(message, help="name a file with `-o`", code=2)
    if output == STANDARD_OUTPUT and output_format is OutputFormat.json:
        message = "`-o -` and `--output-format json` both print to standard output"
        raise Failure(message, help="name a file with `-o`", code=2)
    named = resolve(spec, variant, values, quiet=quiet)
    facts, data, advice = facts_and_advice(named, output_format)
    chosen = load(backend)
    origin = Origin.of(str(named.place), standalone(named, data), named.asked.sets)
    placement = placement_for(chosen, facts, parallel, output_format)
    source = emit(chosen, facts, origin, placement, output_format=output_format, quiet=quiet)
    if output == STANDARD_OUTPUT:
        write_out(source.text)
        return
    # A split network gets its strategy in the name, so that it does not overwrite the whole one.
    place = output or Path(
        "_".join([facts.graph.name, chosen.name, *([placement.strategy] if placement else [])]) + ".py"
    )
    stale: tuple[Reason, ...] = ()
    if check:
        stale = staleness(place, source.text, origin, lambda other: sealed(chosen, facts, other, placement).text)
    else:
        write_sealed(place, source.text, force=force)
    if output_format is OutputFormat.json:
        from archc.report.build_json import as_json

        document = as_json(
            source,
            spec=named.label,
            output=str(place),
            backend=chosen.name,
            parallel=placement.strategy if placement else None,
            parameters=facts.counts.parameters,
            stale=stale,
            advice=advice,
        )
        typer.echo(json.dumps(document, indent=2))
    elif stale or not quiet:
        typer.echo(f"{visible(str(place))}{_result(source, facts, placement, stale, checked=check)}")
    raise typer.Exit(1 if stale else 0)


def _result(
    source: EmittedSource, facts: Facts, placement: Placement | None, stale: tuple[Reason, ...], *, checked: bool
) -> str:
    """The result to print after the name of the file."""
    if stale:
        return f" is out of date: {why(stale)}"
    size = f"{facts.counts.parameters:,} parameters"
    if placement is not None:
        own = sum(share.parameters for share in placement.shares.values())
        size = f"{own:,} of {size} on each of {placement.devices} devices"
    return f": {'up to date, ' if checked else ''}class {source.class_name}, {size}"
