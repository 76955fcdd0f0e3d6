"""The record of a run: metrics.jsonl and result.json for programs, progress for the person in front of it.

Each line of metrics.jsonl is one JSON object with `event` (devices, start, resume, step, gradients, epoch, end) and
`seconds` of the run. A line has been handed to the system when the call that wrote it returns. One process writes the
record; the ranks above 0 of a run use an inactive journal, which writes and prints nothing.

A run that has begun is worth more than its record. On a full disk it goes on: lines that cannot be written are left out
and counted, and room for the weights and for result.json is taken before the first step.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import deque
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from archc.files import release, reserve
from archc.language.recipe import TestViews
from archc.streams import OutputFailure
from archc.training.banner import Size, banner
from archc.training.board import Board
from archc.training.clock import began
from archc.training.job import Job, Resume
from archc.training.position import START, Position
from archc.training.progress import Progress, progress
from archc.training.record import Record
from archc.training.result import BestWeights, Figures, Measured, add_to_result, place_of_result, write_weights
from archc.training.score import BatchScore, Score
from archc.wording import counted, visible

VIEWS: dict[TestViews, str] = {"ten_crop": "ten views", "center": "centre view"}
"""The name of each test in a sentence."""


ROOM = 16_384
"""Bytes that are reserved for result.json; each device's name is in it."""

END_OF_OTHERS = 60.0
"""Seconds after which a rank without a record reports a divergence that the recording rank has not reported."""


class Journal:
    """The record of one run on the named devices. A context manager: leaving it closes the file and the bar."""

    def __init__(self, run: Path, *, devices: Sequence[str], active: bool, resume: Resume | None = None) -> None:
        self._run = run
        self._devices = tuple(devices)
        self._open = ExitStack()
        self._board: Board | None = None
        self._mark = time.monotonic()
        self._began = self._mark - (resume.seconds if resume else 0)
        self._training = 0.0
        self._steps = 0
        kept = resume.recorded if resume else None
        self._record = self._open.enter_context(Record(run, kept)) if active else None
        self._unrecorded = 0
        self._progress: Progress | None = None
        self._batch = 0
        self._is_trial = False
        self._overfit: deque[BatchScore] = deque(maxlen=0)
        self._seen = _Seen(0)
        self._waited = 0.0
        self._at = 0
        self._classes = 0
        self._noun: Literal["picture", "example"] = "picture"
        self._hits = "top-1"
        self._lr: float | None = None
        self._first_loss = self._last_loss = math.nan
        self._is_new = not self.recorded
        if self._is_new:
            self._write("devices", used=self._devices)

    @property
    def is_recording(self) -> bool:
        """Whether this process writes the record."""
        return self._record is not None

    @property
    def recorded(self) -> int:
        """The bytes of metrics.jsonl."""
        return self._record.bytes if self._record else 0

    @property
    def seconds(self) -> float:
        """The time of the run."""
        return time.monotonic() - self._began

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def say(self, line: str) -> None:
        """Print one line for the person who watches the run."""
        with self._outlasting_output():
            if self._progress:
                self._progress.say(line)
            elif self._record:
                print(line, flush=True)

    def reserve(self, weights: Path, data: bytes | None) -> None:
        """Take the room for the weights, which need as many bytes at the end as now, and for result.json."""
        for place, size in ((weights, len(data or b"")), (place_of_result(self._run), ROOM)):
            if self._record:
                self._open.callback(release, place)
                reserve(place, size)

    def start(
        self, job: Job, *, steps: int, examples: int, classes: int, held_out: int = 0, at: Position = START
    ) -> None:
        """Record that training begins, or goes on at a position: `steps` optimiser steps in all, over so many examples,
        of so many classes, if any."""
        recipe = job.recipe
        self._batch, self._classes, self._mark = recipe.batch, classes, time.monotonic()
        self._first_loss, self._last_loss = (math.nan if x is None else x for x in (at.first_loss, at.last_loss))
        self._is_trial, self._overfit = job.fast_dev_run, deque(maxlen=job.overfit_batches or 0)
        if self._record and job.tensorboard:
            self._board = self._open.enter_context(closing(Board(job.run)))
        if self._is_new:
            self._write(
                "start",
                name=job.name,
                devices=job.devices,
                batch=recipe.batch,
                lr=recipe.lr,
                steps=steps,
                seed=job.seed,
                precision=job.precision,
                pictures=examples,
                classes=classes,
                startup=round(time.monotonic() - began(), 3),
            )
        self._noun, self._hits = job.example, "top-1" if recipe.loss == "cross_entropy" else "accuracy"
        if self._record:
            size = Size(steps, examples, held_out, classes)
            for line in banner(job, self._devices, size):
                self.say(line)
        if job.resume is not None:
            self._write("resume", step=at.step, steps=steps, used=self._devices)
            self.say(f"going on after step {at.step}")
        if self._record:
            self._progress = self._open.enter_context(closing(progress("step", steps, began=began())))

    def step(
        self,
        step: int,
        *,
        epoch: int,
        loss: float,
        lr: float,
        top1: int | None = None,
        count: int = 0,
        waited: float = 0.0,
    ) -> None:
        """Record optimiser step number `step` (from 1).

        `loss` is the batch's loss before the step, `top1` how many of its `count` classes or values were right, and
        `waited` the seconds that this rank waited for the batch.
        """
        self._first_loss, self._last_loss, self._at = (loss if step == 1 else self._first_loss), loss, step
        self._lr = lr
        now = time.monotonic()
        self._training, self._mark = self._training + now - self._mark, now
        self._steps += 1
        rate = self._steps * self._batch / max(self._training, 1e-9)
        self._waited += waited
        waiting = min(self._waited / max(self._training, 1e-9), 1.0)
        self._seen = self._seen.with_batch(epoch, top1, count)
        self._overfit.append(BatchScore(loss, top1, count))
        self._add(
            "step",
            step=step,
            epoch=epoch,
            loss=loss,
            lr=lr,
            top1=top1,
            count=count,
            waited=round(waited, 4),
            pictures_per_second=round(rate, 2),
        )
        own = top1 / count if top1 is not None and count else None
        self._draw(loss__train=loss, accuracy__train=own, rate=lr, speed__per_second=rate, speed__waiting=waiting)
        if self._progress:
            right = [] if self._seen.rate is None else [f"{self._hits} {percent(self._seen.rate)}"]
            speed = f"{_short(rate)} {self._noun}s/s"
            with self._outlasting_output():
                self._progress.show(step, f"loss {loss:.2f}", *right, speed, f"wait {100 * waiting:.0f} %")

    def gradients(self, step: int, norms: Mapping[str, float]) -> None:
        """Record the norm of each layer's gradient in a step that has been recorded."""
        self._add("gradients", step=step, norms=norms)
        self._draw(**{f"gradient_norm__{layer}": norm for layer, norm in norms.items()})

    def epoch(self, epoch: int, score: Score, *, lr: float) -> None:
        """Record an epoch (from 0) and its score on the centre view; `lr` is the learning rate of the next epoch."""
        self._add("epoch", epoch=epoch, lr=lr, **_figures(score, "center"))
        self._draw_score(score, "held_out")
        cut = f", learning rate {self._lr:g} -> {lr:g}" if self._lr not in (None, lr) else ""
        self.say(f"epoch {epoch + 1}: {self._sentence(score, 'center')}{cut}")
        self._mark = time.monotonic()  # the evaluation does not count as training time

    def save(self, weights: Path, data: bytes | None) -> None:
        """Write the weights into their room, and their hash into result.json."""
        if self._record and data is not None:
            self._publish(weights=write_weights(weights, data))

    def keep_best(self, weights: Path, data: bytes | None, step: int, score: Score) -> None:
        """Write the weights with the lowest held-out error so far, and their hash into result.json."""
        if self._record and data is not None:
            try:
                digest = write_weights(weights, data)
            except OSError as error:
                self.warn(f"cannot write {weights}: {error.strerror}. The best weights so far stay")
                return
            top1 = None if score.of == "mean_squared_error" else score.top1
            self._publish(best=BestWeights(step=step, sha256=digest, count=score.count, top1=top1, loss=score.loss))

    def measured(self, measured: Measured) -> None:
        """Write what the steps took into result.json."""
        if self._record:
            self._publish(measured=measured)

    def diverged(self) -> None:
        """Record that the run has diverged. Call it on all ranks, before the failure is raised."""
        if self._record:
            self._publish(diverged=True)
        else:
            # The first rank that fails ends the others, so it must be the one that has recorded why.
            time.sleep(END_OF_OTHERS)

    def testing(self, test: TestViews) -> None:
        """Print that all steps are done and the final test begins."""
        if self._progress:
            self._progress.close()
            self._progress = None
        self.say(f"testing on the held-out {self._noun}s" + self._views(test))

    def end(self, score: Score, *, test: TestViews) -> None:
        """Record that the run is complete, with this score in the final test."""
        figures = Figures(
            first_loss=self._first_loss,
            last_loss=self._last_loss,
            chance=1 / self._classes if self._classes else None,
            **_figures(score, test),
        )
        self._add("end", **dict(figures))
        self._draw_score(score, "test")
        self._publish(figures=figures)
        losses = f"loss {self._first_loss:.2f} -> {self._last_loss:.2f}"
        chance = "" if figures.chance is None else f", chance {percent(figures.chance)}"
        if right := _right_in(self._overfit):
            self.say(f"overfitting {counted(len(self._overfit), 'batch', 'batches')}: {right} in training")
        self.say(f"{losses}, {self._sentence(score, test, has_loss=score.of != 'cross_entropy')}{chance}")
        if self._is_trial:
            self.say("fast dev run: training, tests and saving work; the figures say nothing")

    def _sentence(self, score: Score, test: TestViews, *, has_loss: bool = True) -> str:
        """The held-out figures."""
        loss = f"loss {score.loss:.2f}" if self._noun == "picture" else f"loss {score.loss:.4g}"
        if score.of == "mean_squared_error":
            return f"held-out {loss}"
        return f"held-out {self._hits} {percent(score.top1_rate)}{self._views(test)}" + (
            f", {loss}" if has_loss else ""
        )

    def _views(self, test: TestViews) -> str:
        return f" ({VIEWS[test]})" if self._noun == "picture" else ""

    def _write(self, event: str, **facts: object) -> None:
        if self._record:
            self._record.write(event=event, seconds=round(time.monotonic() - self._began, 3), **facts)

    def _add(self, event: str, **facts: object) -> None:
        """Write a line of a run that has begun, which a line that cannot be written does not end."""
        with self._outlasting_disk():
            self._write(event, **facts)

    @contextmanager
    def _outlasting_disk(self) -> Generator[None]:
        """Go on without what cannot be written, and count it."""
        try:
            yield
        except OSError as error:
            self._unrecorded += 1
            if self._unrecorded == 1:
                self.warn(f"cannot write {error.filename}: {error.strerror}. The run goes on without such lines")

    def _draw_score(self, score: Score, kind: str) -> None:
        rate = None if score.of == "mean_squared_error" else score.top1_rate
        self._draw(**{f"loss__{kind}": score.loss, f"accuracy__{kind}": rate})

    def _draw(self, **values: float | None) -> None:
        """Add values to the curves for TensorBoard, if the run has them."""
        with self._outlasting_disk():
            if self._board:
                self._board.add(self._at, **values)

    def _publish(self, **facts: object) -> None:
        if self._record:
            add_to_result(self._run, devices=self._devices, unrecorded=self._unrecorded, **facts)
            with suppress(OSError):  # for the next time; the file that was just replaced has given back its room
                reserve(place_of_result(self._run), ROOM)

    @contextmanager
    def _outlasting_output(self) -> Generator[None]:
        """Go on without standard output if it cannot be written; it discards everything from then on."""
        try:
            yield
        except OutputFailure as failure:
            self.warn(f"{failure.message}. The run goes on without it")

    @staticmethod
    def warn(message: str) -> None:
        """Print a line to standard error for what the run outlasts."""
        print(f"warning: {visible(message)}", file=sys.stderr, flush=True)


def has_begun(run: Path) -> bool:
    """Whether training has begun in the folder of a run, as its metrics.jsonl records."""
    try:
        with (run / "metrics.jsonl").open(encoding="utf-8") as lines:
            return any(json.loads(line)["event"] == "start" for line in islice(lines, 2))
    except (OSError, ValueError):
        return False


def _figures(score: Score, test: TestViews) -> dict[str, Any]:
    top1 = None if score.of == "mean_squared_error" else score.top1
    top5 = score.top5 if score.of == "cross_entropy" else None
    return {"test": test, "count": score.count, "top1": top1, "top5": top5, "loss": score.loss}


def _short(rate: float) -> str:
    """A rate with three digits, or as a whole number from 100 on: `27.9`, `2,820`."""
    return f"{rate:.3g}" if rate < 100 else f"{rate:,.0f}"


def percent(rate: float) -> str:
    """A rate as a percentage: `78.1 %`."""
    return f"{100 * rate:.1f} %"


def _right_in(batches: Collection[BatchScore]) -> str:
    """`63 of 64 right, 98.4 %`; empty if there are no batches, or if nothing is counted."""
    right, of = sum(each.top1 or 0 for each in batches), sum(each.total for each in batches)
    return f"{right:,} of {of:,} right, {percent(right / of)}" if any(each.top1 is not None for each in batches) else ""


class _Seen(NamedTuple):
    """The training batches of an epoch so far: how many of their classes or values were right."""

    epoch: int
    top1: int | None = 0
    of: int = 0

    @property
    def rate(self) -> float | None:
        return None if self.top1 is None or not self.of else self.top1 / self.of

    def with_batch(self, epoch: int, top1: int | None, of: int) -> _Seen:
        before = self if self.epoch == epoch else _Seen(epoch)
        return _Seen(epoch, None if top1 is None else (before.top1 or 0) + top1, before.of + of)
