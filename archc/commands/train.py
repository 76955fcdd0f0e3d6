"""archc train: the emitted model, trained by its backend in a process of its own."""

from __future__ import annotations

import shlex
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from archc.backend import Origin, load
from archc.commands.build import BackendOption
from archc.console.emission import emit, placement_for, sealed
from archc.console.extras import demand
from archc.console.specs import QuietOption, SpecArgument, current_folder, facts_or_exit, resolve
from archc.files import relative
from archc.language.recipe import Precision
from archc.language.spec import Strategy
from archc.ops.fields import LARGEST
from archc.run.folder import started_folder
from archc.run.planned import planned, planned_step
from archc.run.process import run_to_end, training_module
from archc.run.receipt import Inputs, write_receipt
from archc.run.recipe import Overrides
from archc.run.setup import Options, check_paths, set_up
from archc.run.worker import devices_of, folder_of, reported_once, told_to_others
from archc.signals import heed_stops
from archc.training.clock import begin
from archc.training.job import BadPictures
from archc.training.journal import has_begun
from archc.training.worker import worker
from archc.wording import duration, visible


def train(
    spec: SpecArgument = None,
    backend: BackendOption = "torch",
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
        BadPictures,
        typer.Option(help="What to do if pictures in DIR cannot be read: stop before the first step, or skip them."),
    ] = "stop",
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
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed for all random draws.")] = 0,
    precision: Annotated[
        Precision, typer.Option(help="Precision of the arithmetic; weights stay in float32.")
    ] = "float32",
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for a rank that hangs, before the run ends.")
    ] = 1800,
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
    quiet: QuietOption = False,
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder to write; it must be new or empty.", show_default="runs/NAME-TIME"),
    ] = None,
) -> None:
    """Train a spec's network with its recipe.

    Options override the recipe. The run's folder contains the spec, the trained source, metrics.jsonl,
    weights.safetensors and receipt.json. Over several machines, torchrun starts it: docs/cluster.md.
    """
    began, started = begin(), datetime.now(UTC)
    heed_stops()
    place = worker()
    quiet = quiet or (place is not None and not place.is_recording)
    with folder_of(place, run) as folder, told_to_others(place, backend):
        with reported_once(place):
            path = resolve(spec, quiet=quiet)
            check_paths(current_folder(), spec=path, data=data, run=run)
            facts, text = facts_or_exit(path)
            chosen = load(backend)
            module = training_module(chosen)
            if tensorboard:
                demand("tensorboard", "`--tensorboard`")
            devices = gpus if place is None else devices_of(place, gpus, chosen)
            overrides, trial = Overrides(batch, lr, steps, epochs), (fast_dev_run, overfit_batches)
            more = (seed, precision, timeout, bad_pictures, tensorboard, *trial)
            options = Options(devices, parallel, data, overrides, *more)
            setup = set_up(facts, options, chosen)
            shared = setup.strategy if setup.devices > 1 and setup.strategy in chosen.strategies else None
            placement = placement_for(chosen, facts, shared, devices=setup.devices)
            origin = Origin.of(str(path), text)
            source = emit(chosen, facts, origin, placement, recipe=facts.recipe, quiet=quiet)
            whole = sealed(chosen, facts, origin, recipe=facts.recipe) if placement else source
            figures = planned(facts, placement, batch=setup.recipe.batch, precision=precision)
        start = partial(started_folder, setup, source, text, asked=folder, placement=placement)
        with start(whole=whole, planned=planned_step(figures)) as job:
            for note in () if quiet else setup.notes:
                typer.echo(note)
            command = shlex.join(["archc", *sys.argv[1:]])
            inputs = Inputs(path, text, source.text, figures)
            receipt = partial(write_receipt, job, inputs, chosen, started=started, command=command)
            receipt(code=None)
            code = run_to_end([sys.executable, "-P", "-m", module, str(job.file)], quiet=quiet)
            if has_begun(job.run):
                receipt(code=code)
    if code == 0 and not quiet:
        typer.echo(f"finished in {duration(time.monotonic() - began)}; saved in {visible(str(relative(job.run)))}")
    raise typer.Exit(code)
