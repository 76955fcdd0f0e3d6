"""archc train: the emitted model, trained by its backend in a process of its own."""

from __future__ import annotations

import shlex
import sys
import time
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from archc.backend import Backend, load, names_of_backends
from archc.console.extras import demand
from archc.console.specs import QuietOption, SetOption, SpecArgument, VariantOption
from archc.console.start import Start, Wanted, leave_complete, prepared
from archc.failure import USAGE, Failure
from archc.files import relative
from archc.language.recipe import Precision
from archc.language.spec import Strategy
from archc.ops.fields import LARGEST
from archc.run.process import run_to_end, training_module
from archc.run.receipt import Starts, write_receipt
from archc.run.recipe import Overrides
from archc.run.resuming import NEWEST, backend_of, compared, earlier_run, has_ended, repeated_run, told_run
from archc.run.setup import Options
from archc.run.worker import devices_of, folder_of, reported_once, told_to_others
from archc.signals import CODES, heed_stops
from archc.training import checkpoint
from archc.training.clock import begin
from archc.training.job import KEEP, TIMEOUT, BadPictures, Job
from archc.training.journal import has_begun
from archc.training.worker import worker
from archc.wording import duration, visible

BACKEND = "torch"


def train(
    spec: SpecArgument = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="Backend to use: torch, keras or another installed one.",
            autocompletion=names_of_backends,
            show_default=BACKEND,
        ),
    ] = None,
    gpus: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Number of devices to train on.", show_default="the spec's, else 1"),
    ] = None,
    parallel: Annotated[
        Strategy | None,
        typer.Option(
            help="How devices share the work: each has a part of the batch, of every layer, or of both.",
            show_default="the spec's, else data",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of pictures, with one folder per class, or of arrays: train.npz and val.npz.",
            show_default="built-in, generated pictures",
        ),
    ] = None,
    bad_pictures: Annotated[
        BadPictures | None,
        typer.Option(
            help="What to do if pictures in DIR cannot be read: stop before the first step, or skip them.",
            show_default="stop",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1, max=LARGEST, help="Number of examples per step, over all devices.", show_default="the recipe's"
        ),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(help="Initial learning rate.", show_default="the recipe's, scaled with the batch"),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="Stop after this number of steps.")] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, max=LARGEST, help="Stop after this number of epochs.", show_default="the recipe's"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed for all random draws.", show_default="0")
    ] = None,
    precision: Annotated[
        Precision | None,
        typer.Option(help="Precision of the arithmetic; weights stay in float32.", show_default="float32"),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=1, help="Seconds to wait for a rank that hangs, before the run ends.", show_default=f"{TIMEOUT:g}"
        ),
    ] = None,
    fast_dev_run: Annotated[
        bool,
        typer.Option(
            "--fast-dev-run", help="Try everything in two steps on a few examples: training, tests and saving."
        ),
    ] = False,
    overfit_batches: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=LARGEST,
            metavar="N",
            help="Train on the same N batches again and again, without augmentation: a sound network learns them.",
        ),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also write the curves for TensorBoard into the run's folder.")
    ] = False,
    gradient_norms: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=LARGEST,
            metavar="N",
            help="Record the norm of each layer's gradient, in the first step and in every N-th one.",
        ),
    ] = None,
    quiet: QuietOption = False,
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder to write; without --resume, it must be new or empty.",
            show_default="runs/NAME-TIME",
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="auto|STEP",
            help="Go on with the run in --run, after its newest checkpoint or that of a step; auto starts one if there "
            "is none. Options that are not given are as before.",
        ),
    ] = None,
    from_receipt: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Do the run in this folder again, in a folder of its own: from the same start."
        ),
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=LARGEST,
            metavar="STEPS",
            help="Save a checkpoint after so many steps, too.",
            show_default="at the end of an epoch, at most once a minute",
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Number of checkpoints to keep.", show_default=str(KEEP))
    ] = None,
    variant: VariantOption = None,
    values: SetOption = None,
) -> None:
    """Train a spec's network with its recipe.

    Options override the recipe. The run's folder contains the spec, the trained source, metrics.jsonl,
    weights.safetensors, model.json and receipt.json. Over several machines, torchrun starts it: docs/cluster.md.
    """
    began = begin()
    heed_stops()
    place = worker()
    quiet = quiet or (place is not None and not place.is_recording)
    with folder_of(place, run) as folder, told_to_others(place, backend or BACKEND):
        with reported_once(place):
            if resume is not None and from_receipt is not None:
                raise Failure("`--resume` and `--from-receipt` exclude each other", "use only one of them", USAGE)
            is_own = place is None or place.is_recording
            # Of ranks on one machine, only one has the run's folder; the others need to know what is trained.
            earlier = repeated_run(from_receipt) or (earlier_run if is_own else told_run)(run, resume)
            chosen = load(backend_of(earlier, backend) or BACKEND)
            module = training_module(chosen)
            if tensorboard:
                demand("tensorboard", "`--tensorboard`")
            options = Options(
                gpus if place is None else devices_of(place, gpus, chosen),
                parallel,
                data,
                Overrides(batch, lr, steps, epochs),
                seed,
                precision,
                timeout,
                bad_pictures,
                checkpoint_every,
                keep,
                tensorboard,
                gradient_norms,
                fast_dev_run,
                overfit_batches,
            )
            wanted = Wanted(spec, variant, values)
            if resume and earlier and has_ended(earlier, options):
                leave_complete(wanted, options, earlier, quiet=quiet)
            start = prepared(wanted, options, chosen, folder, earlier, quiet=quiet)
        job, code = _trained(start, chosen, module, quiet=quiet)
    shown = visible(str(relative(job.run)))
    if code == 0 and not quiet:
        if from_receipt:
            typer.echo(compared(job.run, from_receipt))
        typer.echo(f"finished in {duration(time.monotonic() - began)}; saved in {shown}")
    if code in CODES and place is None and not quiet and (saved := checkpoint.steps(job.run)):
        go_on = f"archc train --run {shlex.quote(shown)} --resume {NEWEST}"
        typer.echo(f"saved in {shown} after step {saved[-1]:,}; `{go_on}` goes on")
    raise typer.Exit(code)


def _trained(start: Start, backend: Backend, module: str, *, quiet: bool) -> tuple[Job, int]:
    """Train in a process of the backend; the job, and the exit code."""
    with start.folder() as job:
        for note in () if quiet else start.notes(job):
            typer.echo(note)
        starts = Starts.now(job.run if start.goes_on else None, job.resume.step if job.resume else None)
        receipt = partial(write_receipt, job, start.inputs(), backend, starts=starts)
        receipt(code=None)
        code = run_to_end([sys.executable, "-P", "-m", module, str(job.file)], quiet=quiet)
        if start.goes_on or has_begun(job.run):
            receipt(code=code)
    return job, code
