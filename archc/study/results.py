"""What came out of a study: the end of each run, and the mean and the spread over the seeds of each spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from statistics import mean, stdev

from archc.failure import FINDING, Failure
from archc.history.events import History, history
from archc.history.outcomes import outcome
from archc.language.study import WINDOW, Reach, Study
from archc.study.begun import anew
from archc.study.trials import Trial

ROUNDING = 1e-9
"""More than the rounding of a mean error, less than an example of it."""


@dataclass(frozen=True)
class Spread:
    """A figure over several seeds: the mean, the standard deviation (n - 1), None of one seed, and how many have it."""

    mean: float
    deviation: float | None
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None without values."""
        return cls(mean(values), stdev(values) if len(values) > 1 else None, len(values)) if values else None


@dataclass(frozen=True)
class Run:
    """What came out of one run."""

    seed: int
    status: str
    history: History
    loss: float | None
    """The mean training loss at the end."""
    error: float | None
    """The mean training error at the end; None of a loss without classes."""
    held_out_error: float | None
    """That of the final test."""
    held_out_loss: float | None
    reached: int | None
    """The first step at which the mean training error was that of `reach`, or less."""
    curve: tuple[tuple[int, float], ...]
    """The training error by steps, each the mean of a window of batches up to it."""


@dataclass(frozen=True)
class Arm:
    """The runs of one spec."""

    name: str
    runs: tuple[Run, ...]

    def spread(self, figure: Callable[[Run], float | None]) -> Spread | None:
        """The mean and the spread of a figure over the runs that have it."""
        return Spread.of([value for run in self.runs if (value := figure(run)) is not None])

    @property
    def diverged(self) -> int:
        """How many of the runs diverged."""
        return sum(run.status == "diverged" for run in self.runs)

    @cached_property
    def reached(self) -> Spread | None:
        """The steps to `reach`; None unless all runs reached it."""
        found = self.spread(lambda run: run.reached)
        return found if found and found.count == len(self.runs) else None


@dataclass(frozen=True)
class Results:
    """What came out of all runs of a study."""

    study: Study
    arms: tuple[Arm, ...]

    @property
    def has_classes(self) -> bool:
        """Whether a run has a training error: its loss is of classes."""
        return any(run.curve for arm in self.arms for run in arm.runs)

    def sooner(self, arm: Arm) -> Spread | None:
        """How many times as many steps as the first spec's a spec's runs took to `reach`, seed by seed."""
        first = {run.seed: run.reached for run in self.arms[0].runs}
        pairs = [(run.reached, first[run.seed]) for run in arm.runs]
        ratios = [own / other for own, other in pairs if own and other]
        return Spread.of(ratios) if len(ratios) == len(pairs) else None


def results(study: Study, trials: Sequence[Trial]) -> Results:
    """The results of trials that have all ended."""
    return Results(
        study,
        tuple(
            Arm(name, tuple(_run(trial, study.reach) for trial in trials if trial.name == name)) for name in study.runs
        ),
    )


def _run(trial: Trial, reach: Reach | None) -> Run:
    try:
        found, end = history(trial.run), outcome(trial.run)
    except Failure as error:
        raise Failure(error.message, anew(trial), FINDING) from error
    window = window_of(reach)
    losses = [step.loss for step in found.steps[-window:] if step.loss is not None]
    curve = errors(found, window)
    test = end.held_out if end.held_out and end.held_out.event == "end" else None
    return Run(
        seed=trial.seed,
        status=end.status,
        history=found,
        loss=mean(losses) if losses and end.status == "complete" else None,
        error=curve[-1][1] if curve and end.status == "complete" else None,
        held_out_error=None if test is None or test.rate is None else 1 - test.rate,
        held_out_loss=test.loss if test else None,
        curve=tuple(curve),
        reached=_reached(curve, reach) if reach else None,
    )


def _reached(curve: Sequence[tuple[int, float]], reach: Reach) -> int | None:
    """The first step at which a whole window of batches has that error, or less."""
    most = reach.training_error + ROUNDING
    return next((at for at, error in curve if at >= reach.window and error <= most), None)


def window_of(reach: Reach | None) -> int:
    """The batches whose mean is a training loss or error."""
    return reach.window if reach else WINDOW


def errors(found: History, window: int) -> list[tuple[int, float]]:
    """The training error by steps, as `averaged` gives it."""
    return averaged([(step.step, 1 - step.rate) for step in found.steps if step.rate is not None], window)


def averaged(known: Sequence[tuple[int, float]], window: int) -> list[tuple[int, float]]:
    """Values by steps: of each, the mean of the last `window` values, from the first whole window on."""
    if len(known) < window:
        return [(known[-1][0], mean(value for _, value in known))] if known else []
    sums = [0.0, *accumulate(value for _, value in known)]
    return [(known[end - 1][0], (sums[end] - sums[end - window]) / window) for end in range(window, len(known) + 1)]
