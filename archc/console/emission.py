"""A spec's facts to a backend's source, for the commands that need it."""

from __future__ import annotations

from dataclasses import replace

import typer

from archc.analysis import Facts
from archc.backend import Backend, BackendFailure, EmittedSource, Origin, Unsupported, load, refusals
from archc.console.specs import show_findings
from archc.emit.seal import seal
from archc.failure import Failure
from archc.passes.placement import Placement


def backend_named(name: str) -> Backend:
    """The installed backend of a name, else a Failure that says how to get it."""
    try:
        return load(name)
    except BackendFailure as failure:
        raise Failure(failure.message, help=failure.help, code=3) from failure


def emit(backend: Backend, facts: Facts, origin: Origin, placement: Placement | None = None) -> EmittedSource:
    """The source of a network, or of a device's part of it, sealed; what the backend cannot express is a finding and
    exit 1."""
    try:
        source = sealed(backend, facts, origin, placement)
    except Unsupported as unsupported:
        show_findings(refusals(unsupported, facts.graph), err=True)
        raise typer.Exit(1) from unsupported
    for old, new in source.renamed.items():
        typer.echo(f"{old} is called {new} in the source: {backend.name} uses that name for something else", err=True)
    return source


def sealed(backend: Backend, facts: Facts, origin: Origin, placement: Placement | None = None) -> EmittedSource:
    """The source of a network with its seal; raises Unsupported."""
    source = backend.emit(facts.graph, facts.recipe, placement, origin)
    return replace(source, text=seal(source.text))
