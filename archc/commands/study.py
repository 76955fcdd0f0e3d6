"""archc study: runs that are compared, trained where they have not been, and what came out."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archc.analysis import Facts, analyse
from archc.backend import Origin, load
from archc.commands.train import BACKEND
from archc.console.specs import OutputFormat, OutputFormatOption, QuietOption, named, read_bytes, refuse, standalone
from archc.console.start import startable
from archc.console.terminal import columns
from archc.diagnostics.finding import report
from archc.failure import USAGE, Failure
from archc.language.study import Study, Training, place_of, read_study
from archc.signals import heed_stops
from archc.wording import counted, visible

if TYPE_CHECKING:
    from archc.study.results import Results
    from archc.study.trials import Trial


def study(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Study: a YAML file with runs and seeds.")],
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of data for all runs.", show_default="the study's, else built-in"),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the study's runs and results.", show_default="runs/NAME"),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Number of runs at the same time.")] = 1,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps of each run, instead of the study's.")] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Use only so many of the study's seeds, the first ones.")
    ] = None,
    output_format: OutputFormatOption = OutputFormat.full,
    quiet: QuietOption = False,
) -> None:
    """Train the runs of a study, and compare them.

    Each spec of the study is trained with each of its seeds; runs that have ended are not trained again, so the same
    command goes on with a study that was stopped. The folder contains the runs, results.json and, if archc's extra
    `plot` is installed, study.svg.
    """
    heed_stops()
    from archc.report.study_json import as_json
    from archc.study.folder import opened, write
    from archc.study.results import results
    from archc.study.running import run_all
    from archc.study.trials import record, trials

    text = read_bytes(file, "study")
    found = _study(text, str(file), seeds, output_format)
    place = folder or Path("runs", found.name)
    every = trials(found, file, place, data=data, asked=Training(steps=steps))
    firsts, reach = every[: len(found.runs)], found.reach is not None
    read = {each.name: _facts(each, text, str(file), output_format, reach=reach) for each in firsts}
    specs = {name: spec for name, (_, spec) in read.items()}
    waiting = _waiting(place, every, read, output_format)
    with opened(place):
        record(place, every, specs)
        with _progress(output_format, quiet=quiet):
            typer.echo(f"{found.name}: {counted(len(every), 'run')}, {len(waiting)} to train, in {visible(str(place))}")
            run_all(waiting, specs, total=len(every), jobs=jobs)
        outcome = results(found, every)
        document = json.dumps(as_json(outcome), indent=2, ensure_ascii=False)
        write(place / "results.json", f"{document}\n".encode())
        drawn = _drawn(outcome, place)
    if output_format is OutputFormat.json:
        typer.echo(document)
    if quiet or output_format is OutputFormat.json:
        return
    from archc.report.study import study as table

    typer.echo(table(outcome, width=columns(sys.stdout)))
    typer.echo(f"written: {visible(str(place / 'results.json'))}{drawn}")


@contextmanager
def _progress(output_format: OutputFormat, *, quiet: bool) -> Generator[None]:
    """Where the progress goes, which is written to standard output: a document has that for itself."""
    usual = sys.stderr if output_format is OutputFormat.json else sys.stdout
    with (
        Path(os.devnull).open("w", encoding="utf-8") if quiet else nullcontext(usual) as place,
        redirect_stdout(place),
    ):
        yield


def _waiting(
    place: Path, every: list[Trial], read: dict[str, tuple[Facts, bytes]], output_format: OutputFormat
) -> list[Trial]:
    """The trials that have not ended; a Failure, or findings that exit with code 1, if one of them cannot start."""
    from archc.study.folder import opened
    from archc.study.running import unended

    with opened(place) if place.exists() else nullcontext():  # a study that cannot start leaves no folder
        waiting = unended(every, {name: spec for name, (_, spec) in read.items()})
        for each in {each.name: each for each in waiting}.values():
            _check_start(each, *read[each.name], output_format)
    return waiting


def _study(text: bytes, name: str, seeds: int | None, output_format: OutputFormat) -> Study:
    """The study in a text, with its first seeds alone if so many are asked for. Findings on it exit with code 1."""
    found, findings = read_study(text, name)
    if found is None:
        refuse(findings, output_format)
    if seeds is not None and seeds > len(found.seeds):
        message = f"`--seeds {seeds}` asks for more seeds than the {len(found.seeds):,} of {name}"
        raise Failure(message, f"add seeds to {name}, or use `--seeds {len(found.seeds)}`", USAGE)
    return found.model_copy(update={"seeds": found.seeds[:seeds]})


def _facts(trial: Trial, study: bytes, name: str, output_format: OutputFormat, *, reach: bool) -> tuple[Facts, bytes]:
    """The facts and the text of a spec of the study. An error in it exits with code 1, before anything is trained.

    With `reach`, the study compares when its training error is reached.
    """
    try:
        found = named(str(trial.spec))
        text = read_bytes(found.path)
        analysis = analyse(text, found.name, found.asked)
    except Failure as failure:
        place = place_of(study, name, "runs", trial.name, "spec")
        refuse([report(place, "ARC105", failure.message, help=failure.help)], output_format)
    if analysis.facts is None:
        refuse(analysis.findings, output_format)
    loss = analysis.facts.recipe.loss
    if reach and loss != "cross_entropy":
        message = f"`reach` is a training error of classes, and `{trial.name}` is trained with `loss: {loss}`"
        refuse([report(place_of(study, name, "reach"), "ARC105", message, help="delete `reach`")], output_format)
    return analysis.facts, standalone(found, text)


def _check_start(trial: Trial, facts: Facts, text: bytes, output_format: OutputFormat) -> None:
    """Check that a run can start; a Failure, or findings that exit with code 1, tell why not."""
    from archc.run.process import training_module
    from archc.run.recipe import Overrides
    from archc.run.setup import Options

    asked = trial.training
    overrides = Overrides(asked.batch, asked.lr, asked.steps, asked.epochs)
    options = Options(
        asked.gpus,
        asked.parallel,
        trial.data,
        overrides,
        trial.seed,
        asked.precision,
        timeout=None,
        gradient_norms=asked.gradient_norms,
    )
    origin = Origin.of(str(trial.spec), text)
    try:
        backend = load(asked.backend or BACKEND)
        training_module(backend)
        startable(facts, options, backend, origin, output_format, quiet=True)
    except Failure as failure:
        command = shlex.join(["archc", "train", *trial.options, "--", str(trial.spec)])
        message = f"the run `{trial.name}`, `{command}`, cannot start: {failure.message}"
        raise Failure(message, failure.help, failure.code) from failure


def _drawn(outcome: Results, place: Path) -> str:
    """Draw the figure, if matplotlib is installed; what a message adds."""
    if find_spec("matplotlib") is None:
        return "; study.svg needs matplotlib, archc's extra `plot`"
    from archc.study.figure import figure
    from archc.study.folder import write

    write(place / "study.svg", figure(outcome).encode())
    return f" and {visible(str(place / 'study.svg'))}"
