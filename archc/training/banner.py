"""What a run is, in a few aligned lines before its first step."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from archc.files import relative
from archc.language.recipe import Recipe
from archc.training.job import Job
from archc.wording import WIDTH, counted, in_units, visible, wrapped

LABEL = 10
"""Columns of the labels."""


class Size(NamedTuple):
    """The size of a run: its optimiser steps, and its examples of so many classes, if any."""

    steps: int
    examples: int
    """For training."""
    held_out: int
    classes: int


def banner(job: Job, devices: Sequence[str], size: Size) -> list[str]:
    """The lines for a run on these devices, one for each rank."""
    rows = [
        ("network", f"{job.name}, {job.precision}, seed {job.seed}"),
        *_devices(devices),
        ("strategy", f"{job.strategy} over {job.devices} devices" if job.devices > 1 else ""),
        ("batch", _batch(job)),
        ("steps", _steps(job, size)),
        ("rate", _rate(job.recipe)),
        ("data", _data(job, size)),
        ("", _left_out(job, size)),
        ("from", "" if job.built_in else str(relative(job.pictures))),
        *_plan(job),
        ("trial", _trial(job)),
        ("run", str(relative(job.run))),
    ]
    width = _width() - LABEL
    # A path stays whole, so that it can be copied.
    folded = ((label, [text] if label in ("from", "run") else wrapped(text, width)) for label, text in _visible(rows))
    return [line for label, lines in folded for line in _row(label, lines)]


def _visible(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((label, visible(text)) for label, text in rows if text)


def _row(label: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{'' if number else label:{LABEL}}{line}"


def _width() -> int:
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() or sys.stdout.isatty():
        return max(shutil.get_terminal_size().columns, 2 * LABEL)
    return WIDTH


def _devices(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The name of each rank's device; ranks in a row that have the same kind share a line."""
    if len(names) == 1:
        yield "device", names[0]
        return
    label = "devices"
    for name, group in groupby(range(len(names)), key=names.__getitem__):
        ranks = [*group]
        first, last = ranks[0], ranks[-1]
        between = "and" if last == first + 1 else "to"
        yield label, f"rank {first}: {name}" if first == last else f"ranks {first} {between} {last}: {name}"
        label = ""


def _batch(job: Job) -> str:
    """How a batch is divided over the devices."""
    batch = counted(job.recipe.batch, job.example)
    if job.devices == 1:
        return batch
    if job.reads == "all":
        return f"{batch} on each of {job.devices} devices"
    sizes = job.share(0).sizes(job.recipe.batch)
    least, most = min(sizes), max(sizes)
    return f"{batch}, {least:,} per device" if least == most else f"{batch}, {least:,} or {most:,} per device"


def _steps(job: Job, size: Size) -> str:
    per_epoch = size.examples // job.recipe.batch
    epochs = size.steps / per_epoch
    return f"{size.steps:,} in {_epochs(epochs)} of {per_epoch:,}"


def _epochs(epochs: float) -> str:
    """`3 epochs`, `0.08 epochs`, `2.4 epochs`."""
    return "1 epoch" if epochs == 1 else f"{epochs:.3g} epochs" if epochs < 100 else f"{epochs:,.0f} epochs"


def _rate(recipe: Recipe) -> str:
    """The learning rate of the first step, the rule, and the schedules."""
    schedules = [name for name, rule in recipe.schedule or () if rule is not None]
    sgd, name = recipe.optimizer.sgd, recipe.optimizer.name
    if sgd is not None and sgd.rule != "paper":
        name = f"{name} by the rule of {sgd.rule}"
    return ", ".join([f"{recipe.lr:g}", name, *schedules])


def _data(job: Job, size: Size) -> str:
    origin = "built-in: " if job.built_in else ""
    tested = f" and {size.held_out:,} held-out" if size.held_out else ""
    among = f" in {counted(size.classes, 'class', 'classes')}" if size.classes else ""
    spare = f"; the network has {job.outputs:,} outputs" if 0 < size.classes < job.outputs else ""
    return f"{origin}{size.examples:,} training{tested} {job.example}s{among}{spare}"


def _left_out(job: Job, size: Size) -> str:
    rest = size.examples % job.recipe.batch
    return f"{rest:,} of them sit out each epoch: they do not fill a batch" if rest else ""


def _plan(job: Job) -> Iterator[tuple[str, str]]:
    """What archc has computed of a step before it runs."""
    if (planned := job.planned) is None:
        return
    yield "memory", f"{in_units(planned.memory)} per device, the planned peak of a step"
    if job.devices > 1:
        each = f"{in_units(planned.received)} to each device per step"
        yield "exchange", f"{each}, in {counted(planned.collectives, 'collective')}, as planned"


def _trial(job: Job) -> str:
    if job.fast_dev_run:
        return "fast dev run: two steps of everything on few examples; its weights have learnt nothing"
    if job.overfit_batches:
        return f"the same {counted(job.overfit_batches, 'batch', 'batches')} again and again, without augmentation"
    return ""
