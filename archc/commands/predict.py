"""archc predict: the classes of pictures, by a run's weights."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from archc.commands.evaluate import RunArgument, TestOption, WeightsOption
from archc.console.specs import OutputFormat, OutputFormatOption
from archc.console.terminal import columns
from archc.failure import FINDING, USAGE, Failure
from archc.inference.outcome import Predictions
from archc.run.trained import LAST, compute, open_run
from archc.signals import heed_stops
from archc.wording import visible

STDIN = "-"


def predict(
    run: RunArgument,
    pictures: Annotated[
        list[str],
        typer.Argument(
            metavar="PICTURE...",
            help="JPEG or PNG files, or - for a list of files on standard input, one per line.",
            show_default=False,
        ),
    ],
    test: TestOption = None,
    weights: WeightsOption = LAST,
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """Predict the classes of pictures with the weights of a run.

    Print the five likeliest classes of each picture with their probabilities. A picture that cannot be read is named on
    standard error, the others are predicted, and the exit code is 1.
    """
    heed_stops()
    trained = open_run(run, weights)
    if trained.description.preparation is None:
        message = f"{run} was trained on arrays, which archc cannot make of pictures"
        raise Failure(
            message, f"load the weights in Python: `{trained.description.model}.load(…)`, docs/training.md", USAGE
        )
    views, files = trained.views(test), _named(pictures)
    code, outcome = compute(trained, "predict", views, pictures=[*map(Path, files)])
    if code:
        raise typer.Exit(code)
    found = Predictions.model_validate_json(outcome).pictures
    if output_format is OutputFormat.json:
        from archc.report.predict_json import as_json

        document = as_json(files, found, trained.name, run=str(run), weights=weights, test=views)
        typer.echo(json.dumps(document, indent=2))
    else:
        from archc.report.predictions import predictions

        for line in predictions(files, found, trained.name, width=columns(sys.stdout)):
            typer.echo(line)
        for file, prediction in zip(files, found, strict=True):
            if prediction.unreadable:
                typer.echo(f"error: cannot read {visible(file)}: {visible(prediction.unreadable)}", err=True)
    if any(each.unreadable for each in found):
        raise typer.Exit(FINDING)


def _named(pictures: list[str]) -> list[str]:
    """The names of the pictures, those of standard input in the place of the `-`; a Failure if there are none."""
    files: list[str] = []
    for picture in pictures:
        files += _listed() if picture == STDIN else [picture]
    if not files:
        raise Failure("no pictures are named on standard input", "write the name of a picture on each line", USAGE)
    return files


def _listed() -> list[str]:
    """The lines of standard input, as names of files, which need not be UTF-8."""
    stream = getattr(sys, "stdin", None)
    if stream is None:
        raise Failure("standard input is closed", code=USAGE)
    try:
        lines = stream.buffer.read().splitlines()
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}", code=USAGE) from None
    return [os.fsdecode(line) for line in lines if line]
