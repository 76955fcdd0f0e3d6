"""What a run is, in a few aligned lines before its first step."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby

from archc.files import relative
from archc.language.recipe import Recipe
from archc.training.job import Job
from archc.wording import WIDTH, counted, in_units, visible, wrapped

LABEL = 10
"""Columns of the labels."""


def banner(job: Job, devices: Sequence[str], *, steps: int, examples: int, held_out: int, classes: int) -> list[str]:
    """The lines for a run of so many steps on these devices, with so many examples of so many classes, if any."""
    rows = [
        ("network", f"{job.name}, {job.precision}, seed {job.seed}"),
        *_devices(devices),
        ("strategy", f"{job.strategy} over {job.devices} devices" if job.devices > 1 else ""),
        ("batch", _batch(job)),
        ("steps", _steps(job, steps, examples)),
        ("rate", _rate(job.recipe)),
        ("data", _data(job, examples, held_out, classes)),
        ("", _left_out(job, examples)),
        *_plan(job),
        ("trial", _trial(job)),
    ]
    width = _width() - LABEL
    lines = [line for label, text in rows if text for line in _row(label, wrapped(visible(text), width))]
    # A path stays whole, so that it can be copied.
    return [*lines, *_row("run", [visible(str(relative(job.run)))])]


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
        yield label, f"rank {ranks[0]}: {name}" if len(ranks) == 1 else f"ranks {ranks[0]} to {ranks[-1]}: {name}"
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


def _steps(job: Job, steps: int, examples: int) -> str:
    per_epoch = examples // job.recipe.batch
    epochs = steps / per_epoch
    return f"{steps:,}: {_epochs(epochs)} of {per_epoch:,}"


def _epochs(epochs: float) -> str:
    """`3 epochs`, `0.08 epochs`, `2.4 epochs`."""
    return "1 epoch" if epochs == 1 else f"{epochs:.3g} epochs" if epochs < 100 else f"{epochs:,.0f} epochs"


def _rate(recipe: Recipe) -> str:
    """The learning rate of the first step, the rule, and the schedules."""
    schedules = [name for name, rule in recipe.schedule or () if rule is not None]
    return f"{recipe.optimizer.sgd.lr:g} by sgd" + (f", then {' and '.join(schedules)}" if schedules else "")


def _data(job: Job, examples: int, held_out: int, classes: int) -> str:
    origin = "built-in pictures: " if job.built_in else ""
    tested = f" and {held_out:,} held-out" if held_out else ""
    among = f" in {counted(classes, 'class', 'classes')}" if classes else ""
    spare = f"; the network has {job.outputs:,} outputs" if classes < job.outputs and classes else ""
    noun = f"{job.example}s" if held_out or examples != 1 else job.example
    return f"{origin}{examples:,} training{tested} {noun}{among}{spare}"


def _left_out(job: Job, examples: int) -> str:
    rest = examples % job.recipe.batch
    return f"{rest:,} of them sit out each epoch: they do not fill a batch" if rest else ""


def _plan(job: Job) -> Iterator[tuple[str, str]]:
    """What archc has computed of a step before it runs."""
    if (planned := job.planned) is None:
        return
    yield "memory", f"{in_units(planned.memory)} per device planned for a step"
    if job.devices > 1:
        received = f"{in_units(planned.received)} per device planned for a step"
        yield "exchange", f"{received}, in {counted(planned.collectives, 'collective')}"


def _trial(job: Job) -> str:
    if job.fast_dev_run:
        return "fast dev run: two steps of everything on few examples; its weights have learnt nothing"
    if job.overfit_batches:
        return f"the same {counted(job.overfit_batches, 'batch', 'batches')} again and again, without augmentation"
    return ""
