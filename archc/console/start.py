"""What `archc train` is about to start: a network, its source and its setup, checked before anything is written."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn

import typer

from archc.analysis import Facts, analyse
from archc.backend import Backend, EmittedSource, Origin
from archc.console.emission import emit, placement_for, sealed
from archc.console.specs import Named, OutputFormat, current_folder, facts_or_exit, resolve, standalone
from archc.console.terminal import columns, style_of
from archc.difference.difference import difference
from archc.failure import FINDING, USAGE, Failure
from archc.files import relative
from archc.passes.placement import Placement
from archc.run.folder import started_folder
from archc.run.planned import Planned, planned, planned_step
from archc.run.receipt import Inputs
from archc.run.resuming import Earlier, check_asked, notes, options_of, resumed_folder
from archc.run.setup import Options, Setup, check_paths, set_up
from archc.training.job import Job
from archc.wording import visible


class Wanted(NamedTuple):
    """The spec of a command line, its variant, and the values to try."""

    path: Path | None
    variant: str | None
    sets: list[str] | None


@dataclass(frozen=True)
class Start:
    """A run that can start, or go on."""

    path: Path
    text: bytes
    sets: tuple[str, ...]
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
        return Inputs(self.path, self.text, self.source.text, self.planned, self.sets)


def prepared(
    spec: Wanted, options: Options, backend: Backend, asked: Path | None, earlier: Earlier | None, *, quiet: bool
) -> Start:
    """Check the spec and the options; a Failure, or findings, tell why the run cannot start."""
    named = _named(spec, earlier, quiet=quiet)
    path = named.place
    check_paths(current_folder(), spec=path, data=options.data, run=asked)
    facts, data = facts_or_exit(named)
    text, sets = standalone(named, data), named.asked.sets
    if earlier:
        for damaged in earlier.damaged:
            typer.echo(f"warning: {damaged}; the checkpoint before it is used", err=True)
        if spec.path is not None:
            path, text, facts = _demand_same(earlier, _expected(named, data, facts), path)
        sets = earlier.sets
        options = options_of(earlier, options)
    origin = Origin.of(str(path), text, () if earlier else sets)
    setup, placement, source = startable(facts, options, backend, origin, quiet=quiet)
    whole = sealed(backend, facts, origin, recipe=facts.recipe) if placement else source
    figures = planned(facts, placement, batch=setup.recipe.batch, precision=setup.precision)
    return Start(path, text, sets, setup, placement, figures, source, whole, asked, earlier)


def startable(
    facts: Facts,
    options: Options,
    backend: Backend,
    origin: Origin,
    output_format: OutputFormat = OutputFormat.full,
    *,
    quiet: bool = False,
) -> tuple[Setup, Placement | None, EmittedSource]:
    """The setup of a run, its placement and its source; a Failure, or findings, tell why the run cannot start."""
    setup = set_up(facts, options, backend)
    shared = setup.strategy if setup.devices > 1 and setup.strategy in backend.strategies else None
    placement = placement_for(backend, facts, shared, output_format, devices=setup.devices)
    source = emit(backend, facts, origin, placement, recipe=facts.recipe, output_format=output_format, quiet=quiet)
    return setup, placement, source


def _named(spec: Wanted, earlier: Earlier | None, *, quiet: bool) -> Named:
    """The spec that is trained: that of the run that goes on, unless one is named."""
    if earlier is None or spec.path is not None:
        return resolve(spec.path, spec.variant, spec.sets, quiet=quiet)
    if spec.variant is not None or spec.sets:
        option = "`--variant`" if spec.variant is not None else "`--set`"
        message = f"{option} needs a spec: the run goes on with its own spec.yaml"
        raise Failure(message, f"omit {option}, or name the spec, too", USAGE)
    return Named(relative(earlier.spec))


def leave_complete(spec: Wanted, options: Options, earlier: Earlier, *, quiet: bool) -> NoReturn:
    """Exit with code 0, since a run is complete; a Failure if it is asked for with another spec or other options."""
    check_asked(earlier, options)
    named = _named(spec, earlier, quiet=quiet)
    if spec.path is not None and (not named.asked.is_plain or named.path.resolve() != earlier.spec):
        facts, data = facts_or_exit(named)
        _demand_same(earlier, _expected(named, data, facts), named.place)
    if not quiet:
        shown = visible(str(relative(earlier.job.run)))
        typer.echo(f"the run in {shown} is complete; `--steps` or `--epochs` make it longer")
    raise typer.Exit(0)


def _expected(named: Named, data: bytes, facts: Facts) -> Facts:
    """The facts of a spec without the expectations that a value to try does not meet, as its run has them."""
    return (analyse(standalone(named, data), named.name).known if named.asked.sets else facts) or facts


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
