"""From a spec's facts to a backend's source: the backend, the placement of `--parallel`, and the sealed text."""

from __future__ import annotations

from dataclasses import replace

import typer

from archc.analysis import Facts
from archc.backend import Backend, EmittedSource, Origin, Request, Unsupported, refusals
from archc.console.specs import OutputFormat, refuse
from archc.emit.seal import seal
from archc.failure import Failure
from archc.language.spec import DEVICES, Recipe, Strategy
from archc.passes.placement import Placement, place, under
from archc.wording import joined


def placement_for(
    backend: Backend,
    facts: Facts,
    strategy: Strategy | None,
    output_format: OutputFormat = OutputFormat.full,
    *,
    devices: int | None = None,
) -> Placement | None:
    """The placement that source is emitted for. None for the whole network on one device.

    Unless it is given, the number of devices comes from the spec's `parallel:`, or is two without one. Layers that the
    spec places by hand keep their placement only under the spec's own strategy. A layer that does not split evenly is
    reported as a finding, with exit code 1.
    """
    if strategy is None:
        return None
    if strategy not in backend.strategies:
        raise _unsupported(backend, strategy, devices or DEVICES)
    parallel = facts.spec.parallel
    devices = devices or (parallel.devices if parallel else DEVICES)
    asked = under(strategy, devices, parallel)
    placement, findings = place(facts.graph, facts.counts, asked, facts.recipe.batch)
    if findings:
        refuse(findings, output_format)
    if strategy != "data" and "split" not in placement.layouts.values():
        why = "there is only one device" if devices == 1 else "no layer has weights to split"
        help = f"omit `--parallel {strategy}`"
        raise Failure(f"`{strategy}` splits no layer of {facts.graph.name}: {why}", help=help, code=2)
    return placement


def _unsupported(backend: Backend, strategy: Strategy, devices: int) -> Failure:
    help = f"`archc plan` shows the cost of `{strategy}`"
    if strategy == "data" and backend.train_module:
        train = f"archc train --backend {backend.name} --gpus {devices}"
        help = f"omit `--parallel data`: `{train}` mirrors the file that `archc build` writes"
    elif backend.strategies:
        help = f"it supports {joined([f'`{known}`' for known in backend.strategies])}; {help}"
    return Failure(f"the backend `{backend.name}` does not support `--parallel {strategy}`", help=help, code=2)


def emit(
    backend: Backend,
    facts: Facts,
    origin: Origin,
    placement: Placement | None = None,
    *,
    recipe: Recipe | None = None,
    output_format: OutputFormat = OutputFormat.full,
    quiet: bool = False,
) -> EmittedSource:
    """The sealed source of a network, or of one device's part of it, with a recipe or the spec's own, if it has one.

    Layers that the backend does not support are reported as findings, with exit code 1. Layers that it had to rename
    are listed on standard error, unless quiet.
    """
    try:
        source = sealed(backend, facts, origin, placement, recipe=recipe)
    except Unsupported as unsupported:
        refuse(refusals(unsupported, facts.graph), output_format)
    for old, new in () if quiet else source.renamed.items():
        typer.echo(f"{old} is emitted as {new}: the name is reserved in {backend.name} source", err=True)
    return source


def sealed(
    backend: Backend,
    facts: Facts,
    origin: Origin,
    placement: Placement | None = None,
    *,
    recipe: Recipe | None = None,
) -> EmittedSource:
    """The source of a network with its seal, with a recipe or the spec's own, if it has one. Raises Unsupported."""
    source = backend.emit(Request(facts.graph, facts.counts, recipe or facts.own_recipe, origin, placement))
    return replace(source, text=seal(source.text))
