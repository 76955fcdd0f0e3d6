"""archc evaluate: the scores of a run's weights on held-out examples."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from archc.console.specs import OutputFormat, OutputFormatOption
from archc.console.terminal import columns
from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.files import write_whole
from archc.inference.outcome import Evaluation
from archc.language.recipe import TestViews
from archc.run.trained import LAST, Trained, compute, open_run
from archc.signals import heed_stops
from archc.training.journal import VIEWS
from archc.wording import counted, visible

MOST_CLASSES = 5000
"""The largest number of classes whose confusion is written: the square of it is the number of cells."""

RunArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a run of `archc train`.", show_default=False)
]
WeightsOption = Annotated[str, typer.Option(metavar="NAME", help="Which of the run's weights to use: last, or best.")]
TestOption = Annotated[
    TestViews | None, typer.Option(help="Views of a picture to average.", show_default="those of the run's final test")
]


def evaluate(
    run: RunArgument,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of other examples: pictures in val/CLASS/ or CLASS/, or arrays in val.npz.",
            show_default="the run's own held-out examples",
        ),
    ] = None,
    confusion: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the confusion matrix as CSV: a row for each class."),
    ] = None,
    test: TestOption = None,
    weights: WeightsOption = LAST,
    output_format: OutputFormatOption = OutputFormat.full,
) -> None:
    """Evaluate the weights of a run on held-out examples.

    Print the loss and, for classes, the share of hits among the first and the first five predictions, in all and for
    each class. Without `--data`, the figures are those of the run's receipt.
    """
    heed_stops()
    trained = open_run(run, weights)
    views = trained.views(test)
    if confusion is not None:
        _check_confusion(trained)
    code, outcome = compute(trained, "evaluate", views, data=data)
    if code:
        raise typer.Exit(code)
    found = Evaluation.model_validate_json(outcome)
    if output_format is OutputFormat.json:
        from archc.report.evaluate_json import as_json

        folder = None if data is None else str(data)
        document = as_json(found, trained.name, run=str(run), weights=weights, data=folder, test=views)
        typer.echo(json.dumps(document, indent=2))
    else:
        from archc.report.evaluation import evaluation

        typer.echo(_title(trained, found, views))
        typer.echo(evaluation(found, trained.name, example=trained.example, width=columns(sys.stdout)))
    if confusion is not None:
        _write_confusion(confusion, found, trained)


def _title(trained: Trained, found: Evaluation, views: TestViews) -> str:
    """`alexnet, weights `last` of runs/alexnet-1, on 192 pictures (ten views)`."""
    of = f" ({VIEWS[views]})" if trained.example == "picture" else ""
    which = f"{trained.description.name}, weights `{trained.weights}` of {trained.run}"
    return visible(f"{which}, on {counted(found.examples, trained.example)}{of}")


def _check_confusion(trained: Trained) -> None:
    found = trained.description
    if found.loss != "cross_entropy":
        message = f"a confusion matrix is of classes, and {trained.run} was trained with `{found.loss}`"
        raise Failure(message, "leave out `--confusion`", USAGE)
    classes = found.output[0] if found.classes is None else len(found.classes)
    if classes > MOST_CLASSES:
        message = f"a confusion matrix of {classes:,} classes is too large: the limit is {MOST_CLASSES:,}"
        raise Failure(message, "use `--output-format json`, which has the pairs that occur", USAGE)


def _write_confusion(place: Path, found: Evaluation, trained: Trained) -> None:
    from archc.report.evaluation import confusion

    text = confusion(found, trained.name, len(trained.description.classes or ()))
    try:
        write_whole(place, text.encode(errors="replace"))
    except OSError as error:
        raise Failure(f"cannot write {place}: {error.strerror}", "name another file", ENVIRONMENT) from error
