"""archc study: runs that are compared, trained where they have not been, and what came out."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archc.analysis import analyse
from archc.console.specs import OutputFormat, OutputFormatOption, named, read_bytes, refuse, standalone
from archc.console.terminal import columns
from archc.files import write_durably
from archc.language.study import Study, Training, read_study
from archc.signals import heed_stops
from archc.wording import counted, visible

if TYPE_CHECKING:
    from archc.study.results import Results


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
) -> None:
    """Train the runs of a study, and compare them.

    Each spec of the study is trained with each of its seeds; runs that have ended are not trained again, so the same
    command goes on with a study that was stopped. The folder contains the runs, results.json and, if archc's extra
    `plot` is installed, study.svg.
    """
    heed_stops()
    from archc.report.study_json import as_json
    from archc.study.results import results
    from archc.study.running import ended, run_all
    from archc.study.trials import record, trials

    found = _study(file, output_format)
    if seeds is not None:
        found = found.model_copy(update={"seeds": found.seeds[:seeds]})
    place = folder or Path("runs", found.name)
    every = trials(found, file, place, data=data, asked=Training(steps=steps))
    specs = {each.name: each.spec for each in every}
    record(place, every, {name: _spec(spec, output_format) for name, spec in specs.items()})
    if output_format is OutputFormat.full:
        left = sum(ended(each) is None for each in every)
        typer.echo(f"{found.name}: {counted(len(every), 'run')}, {left} to train, in {visible(str(place))}")
    run_all(every, jobs=jobs)
    outcome = results(found, every)
    document = json.dumps(as_json(outcome), indent=2, ensure_ascii=False)
    write_durably(place / "results.json", f"{document}\n".encode())
    drawn = _drawn(outcome, place)
    if output_format is OutputFormat.json:
        typer.echo(document)
        return
    from archc.report.study import study as table

    typer.echo(table(outcome, width=columns(sys.stdout)))
    typer.echo(f"written: {visible(str(place / 'results.json'))}{drawn}")


def _study(file: Path, output_format: OutputFormat) -> Study:
    """The study in a file. Findings on it exit with code 1."""
    found, findings = read_study(read_bytes(file, "study"), str(file))
    if found is None:
        refuse(findings, output_format)
    return found


def _spec(spec: Path, output_format: OutputFormat) -> bytes:
    """The text of a spec of the study. An error in it exits with code 1, before anything is trained."""
    found = named(str(spec))
    text = read_bytes(found.path)
    analysis = analyse(text, found.name, found.asked)
    if analysis.facts is None:
        refuse(analysis.findings, output_format)
    return standalone(found, text)


def _drawn(outcome: Results, place: Path) -> str:
    """Draw the figure, if matplotlib is installed; what a message adds."""
    if find_spec("matplotlib") is None:
        return "; study.svg needs matplotlib, archc's extra `plot`"
    from archc.study.figure import figure

    write_durably(place / "study.svg", figure(outcome).encode())
    return f" and {visible(str(place / 'study.svg'))}"
