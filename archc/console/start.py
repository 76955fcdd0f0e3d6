"""What `archc train` is about to start: a network, its source and its setup, checked before anything is written."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import typer

from archc.analysis import Facts, analyse
from archc.backend import Backend, EmittedSource, Origin
from archc.console.emission import emit, placement_for, sealed
from archc.console.specs import current_folder, facts_or_exit, resolve
from archc.console.terminal import columns, style_of
from archc.difference.difference import difference
from archc.failure import FINDING, Failure
from archc.files import relative
from archc.passes.placement import Placement
from archc.run.folder import started_folder
from archc.run.planned import Planned, planned, planned_step
from archc.run.receipt import Inputs
from archc.run.resuming import Earlier, check_asked, notes, options_of, resumed_folder
from archc.run.setup import Options, Setup, check_paths, set_up
from archc.training.job import Job
from archc.wording import visible


@dataclass(frozen=True)
class Start:
    """A run that can start, or go on."""

    path: Path
    text: bytes
    setup: Setup
    placement: Placement | None
    planned: Planned
    source: EmittedSource
    whole: EmittedSource
    """The source of the whole network, if the other one is of a device's part."""
    asked: Path | None
    """The folder that is asked for."""
    earlier: Earlier | None

    @property
    def goes_on(self) -> Earlier | None:
        """The run that goes on; None for a new one, also if it repeats another."""
        return None if self.earlier is None or self.earlier.is_repeated else self.earlier

    def folder(self) -> AbstractContextManager[Job]:
        """The run's folder, with all that training needs in it; the job."""
        planned, whole = planned_step(self.planned), self.whole
        if before := self.goes_on:
            return resumed_folder(
                before, self.setup, self.source, placement=self.placement, whole=whole, planned=planned
            )
        start = partial(started_folder, self.setup, self.source, self.text)
        return start(asked=self.asked, placement=self.placement, whole=whole, planned=planned)

    def notes(self, job: Job) -> tuple[str, ...]:
        """How the run differs from its spec, or from what it was before, one line for each difference."""
        return tuple(notes(before, job)) if (before := self.goes_on) else self.setup.notes

    def inputs(self) -> Inputs:
        """What is trained, for the receipt."""
        return Inputs(self.path, self.text, self.source.text, self.planned)


def prepared(
    spec: Path | None, options: Options, backend: Backend, asked: Path | None, earlier: Earlier | None, *, quiet: bool
) -> Start:
    """Check the spec and the options; a Failure, or findings, tell why the run cannot start."""
    path = relative(earlier.spec) if earlier and spec is None else resolve(spec, quiet=quiet)
    check_paths(current_folder(), spec=path, data=options.data, run=asked)
    facts, text = facts_or_exit(path)
    if earlier:
        for damaged in earlier.damaged:
            typer.echo(f"warning: {damaged}; the checkpoint before it is used", err=True)
        if spec is not None:
            path, text, facts = _demand_same(earlier, facts, path)
        options = options_of(earlier, options)
    setup = set_up(facts, options, backend)
    shared = setup.strategy if setup.devices > 1 and setup.strategy in backend.strategies else None
    placement = placement_for(backend, facts, shared, devices=setup.devices)
    origin = Origin.of(str(path), text)
    source = emit(backend, facts, origin, placement, recipe=facts.recipe, quiet=quiet)
    whole = sealed(backend, facts, origin, recipe=facts.recipe) if placement else source
    figures = planned(facts, placement, batch=setup.recipe.batch, precision=setup.precision)
    return Start(path, text, setup, placement, figures, source, whole, asked, earlier)


def leave_complete(spec: Path | None, options: Options, earlier: Earlier, *, quiet: bool) -> NoReturn:
    """Exit with code 0, since a run is complete; a Failure if it is asked for with another spec or other options."""
    check_asked(earlier, options)
    if spec is not None and spec.resolve() != earlier.spec:
        facts, _ = facts_or_exit(spec)
        _demand_same(earlier, facts, spec)
    if not quiet:
        shown = visible(str(relative(earlier.job.run)))
        typer.echo(f"the run in {shown} is complete; `--steps` or `--epochs` make it longer")
    raise typer.Exit(0)


def _demand_same(earlier: Earlier, now: Facts, path: Path) -> tuple[Path, bytes, Facts]:
    """The run's own spec; a Failure if the other one is another network or recipe, and the difference is shown."""
    text = earlier.spec.read_bytes()
    before = analyse(text, str(earlier.spec)).known
    if before is None:
        raise Failure(f"{earlier.spec} is damaged", "start a new run", FINDING)
    found = difference(before, now)
    if found.is_none:
        return earlier.spec, text, before
    from archc.report.diff import diff

    names = (str(earlier.spec), str(path))
    typer.echo(diff(found, names, width=columns(sys.stderr), style=style_of(sys.stderr)), err=True, color=True)
    message = f"{visible(str(path))} is not the spec that the run began with"
    raise Failure(message, "omit it to go on with the run's own spec.yaml, or start a new run", FINDING)
