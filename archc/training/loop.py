"""The training loop that all backends share: epochs, steps, schedule, evaluation, checkpoints and weights."""

from __future__ import annotations

import math
import signal
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from archc.failure import Failure
from archc.language.recipe import TestViews
from archc.signals import Stopped, asked, deferring
from archc.training.divergence import diverged
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.position import Best, Position
from archc.training.result import Measured
from archc.training.saver import Saver, State
from archc.training.schedule import Schedule
from archc.training.score import BatchScore, Score
from archc.training.waiting import timed

Batch = TypeVar("Batch")

Asks = tuple[bool, bool]
"""What a rank asks of all: to end, and to save a checkpoint after the epoch."""

NOTHING: Asks = (False, False)


def never() -> bool:
    """Asks for no end."""
    return False


class AskedToEnd(Exception):
    """A rank asks to end during a test."""


@dataclass(frozen=True)
class Stepped:
    """What a step found on all ranks."""

    score: BatchScore
    asked: Asks = NOTHING
    """What any rank asks."""
    broken: str | None = None
    """Where a value was not finite first: `an output of conv2`. The weights are then those before the step."""
    squares: Mapping[str, float] | None = None
    """The sum of the squares of each parameter's gradient, by the spec's names, if the step was to find them."""


class Trainer(Protocol[Batch]):
    """What a framework supplies. Each rank runs the loop with its own trainer.

    `step`, `evaluate`, `finite` and `tell` return the same on each rank, so that all ranks take the same decisions.
    """

    def batches(self, epoch: int, first: int) -> Generator[Batch]:
        """This rank's part of each global batch of an epoch (from 0), from batch `first` on, prepared ahead."""
        ...

    def step(self, batch: Batch, lr: float, asks: Asks, *, squares: bool = False) -> Stepped:
        """Take one optimiser step, unless a value is not finite; `asks` is what this rank asks of all.

        With `squares`, also find those of the gradient of the whole batch's mean loss, before it is clipped.
        """
        ...

    def evaluate(self, test: TestViews, asks: Callable[[], bool]) -> Score:
        """The score over the held-out pictures of all ranks, each counted once; AskedToEnd if a rank asks."""
        ...

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all ranks."""
        ...

    def measured(self) -> Measured:
        """What the steps took. Call it on all ranks, after the last step."""
        ...

    def weights(self) -> bytes | None:
        """The weights as safetensors in float32, with the same keys and layout from every backend:
        `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in). None on ranks other than the first."""
        ...

    def state(self) -> State | None:
        """All that the next step depends on. None on ranks other than the first; call it on all."""
        ...

    def restore(self, state: State | None) -> None:
        """Go on from a state, which the first rank has; call it on all."""
        ...

    def tell(self, data: bytes | None) -> bytes:
        """What the first rank gives; call it on all."""
        ...


def train(
    job: Job,
    trainer: Trainer[Batch],
    journal: Journal,
    *,
    examples: int,
    classes: int,
    held_out: int = 0,
    stop: Callable[[], int | None] = asked,
) -> Score:
    """Train on `examples` examples as the job asks, of so many classes, if any, and test on `held_out` others.

    Returns the score of the final test.

    Each epoch drops the last examples of its order if they do not fill a global batch. The schedule sees the held-out
    error (centre view) after each epoch, and the weights of the best one are kept.

    A loss, a gradient, a weight or a statistic that is not finite fails the run. Weights are saved only if all are
    finite. When `stop` gives a signal on any rank, all save a checkpoint after the same step, and raise Stopped.
    """
    run = _Run(job, trainer, journal, examples // job.recipe.batch, stop)
    journal.reserve(job.weights, trainer.weights())
    run.restore()
    first = run.at.step
    journal.start(job, steps=run.total, examples=examples, classes=classes, held_out=held_out, at=run.at)
    with deferring(lambda: run.at.step > first):  # before, there is nothing to save
        while run.at.step < run.total:
            if run.is_untested:
                run.test_epoch()
            run.train_epoch()
        run.save_weights()
        return run.test()


class _Run(Generic[Batch]):
    """A run at a position, which its steps and tests move on."""

    def __init__(
        self,
        job: Job,
        trainer: Trainer[Batch],
        journal: Journal,
        steps_per_epoch: int,
        stop: Callable[[], int | None],
    ) -> None:
        self.at = Position()
        self.total = job.steps or steps_per_epoch * job.recipe.epochs
        self._job = job
        self._trainer = trainer
        self._journal = journal
        self._steps_per_epoch = steps_per_epoch
        self._stop = stop
        self._schedule = Schedule.of(job.recipe, steps=self.total, steps_per_epoch=steps_per_epoch)
        self._saver = Saver(job, journal)
        self._saved: int | None = None
        self._is_due = False

    @property
    def is_untested(self) -> bool:
        """Whether an epoch has ended whose held-out score is not known."""
        return self.at.tested < self.at.step // self._steps_per_epoch

    def restore(self) -> None:
        """Go to the checkpoint that the job names, if it names one."""
        if self._job.resume is None:
            return
        found = self._saver.load(self._job.resume.step)
        told = self._trainer.tell(found.position.model_dump_json().encode() if found else None)
        self.at = Position.model_validate_json(told)
        self._saved = self.at.step
        self._schedule = self._schedule.at(self.at.schedule)
        self._trainer.restore(found.state if found else None)
        self._saver.goes_on(self.at.step)

    def train_epoch(self) -> None:
        """The rest of an epoch's steps, or of the run's."""
        epoch, first = divmod(self.at.step, self._steps_per_epoch)
        with closing(self._trainer.batches(epoch, first)) as batches:
            for batch, waited in timed(batches):
                self._step(batch, epoch, waited)
                if self.at.step == self.total:
                    break
        # The loss of a step is that before its update, and running statistics are not in it.
        if not self._trainer.finite():
            raise self._diverged("a weight or a running statistic is not finite after", self.at.step)

    def _step(self, batch: Batch, epoch: int, waited: float) -> None:
        every, norms = self._job.checkpoint_every, self._job.gradient_norms
        step = self.at.step + 1
        lr = self._schedule.rate(step)
        asks = self._stop() is not None, self._saver.is_due()
        found = self._trainer.step(batch, lr, asks, squares=norms is not None and norms.wants(step))
        loss, top1, count = found.score
        self.at = self.at.model_copy(update={"first_loss": loss if step == 1 else self.at.first_loss})
        if found.broken is None:
            self.at = self.at.model_copy(update={"step": step, "epochs": epoch + 1, "last_loss": loss})
        self._journal.step(step, epoch=epoch, loss=loss, lr=lr, top1=top1, count=count, waited=waited)
        if found.broken is not None:
            what = f"the loss is {loss} at" if not math.isfinite(loss) else "a gradient is not finite at"
            raise self._diverged(what, step, found.broken)
        if norms is not None and found.squares is not None:
            self._journal.gradients(step, norms.by_layer(found.squares))
        stops, is_due = found.asked
        self._is_due |= is_due
        if stops:
            raise self._stopped()
        if every is not None and step % every == 0:
            self._save()

    def test_epoch(self) -> Score:
        """Test after an epoch, by which the schedule goes on and the best weights are kept."""
        if self._is_due:
            self._save()
        score = self._tested("center")
        epoch = self.at.step // self._steps_per_epoch - 1
        self._schedule = self._schedule.after(score.error)
        self.at = self.at.model_copy(update={"tested": epoch + 1, "schedule": self._schedule.state()})
        self._journal.epoch(epoch, score, lr=self._schedule.rate(self.at.step + 1))
        self._keep_if_best(score)
        return score

    def save_weights(self) -> None:
        """Save what the steps have led to: before the last test, which may fail on a broken picture."""
        self._journal.measured(self._trainer.measured())
        self._save_all()

    def test(self) -> Score:
        """The final test."""
        score = self.test_epoch() if self.is_untested else None
        test = self._job.recipe.test
        if score is None or test != "center":
            self._journal.testing(test)
            final = self._tested(test)
            if score is None and (test == "center" or self.at.best is None):
                self._keep_if_best(final)
            score = final
        self._journal.end(score, test=test)
        self._saver.end()
        return score

    def _tested(self, test: TestViews) -> Score:
        try:
            score = self._trainer.evaluate(test, lambda: self._stop() is not None)
        except AskedToEnd:
            raise self._stopped() from None
        if not math.isfinite(score.loss):
            what = f"the loss on the held-out {self._job.example}s is {score.loss} after"
            raise self._diverged(what, self.at.step)
        return score

    def _stopped(self) -> Stopped:
        """Save what the steps have led to, as at the end of a run."""
        self._save_all()
        return Stopped(self._stop() or signal.SIGTERM)

    def _save_all(self) -> None:
        """Save a checkpoint, and the weights."""
        self._save()
        self._journal.save(self._job.weights, self._trainer.weights())

    def _save(self) -> None:
        """Save a checkpoint, unless there is one of this step."""
        self._is_due = False
        if self._saved != self.at.step:
            self._saver.save(self.at, self._trainer.state())
            self._saved = self.at.step

    def _keep_if_best(self, score: Score) -> None:
        if self.at.best is not None and score.error >= self.at.best.error:
            return
        self.at = self.at.model_copy(update={"best": Best(step=self.at.step, error=score.error)})
        self._journal.keep_best(self._job.best_weights, self._trainer.weights(), self.at.step, score)

    def _diverged(self, what: str, step: int, where: str | None = None) -> Failure:
        self._journal.diverged()
        first = math.nan if self.at.first_loss is None else self.at.first_loss
        lr = self._schedule.rate(max(step, 1))
        return diverged(self._job, f"{what} step {step}", where, first=first, lr=lr, saved=self._saved)
