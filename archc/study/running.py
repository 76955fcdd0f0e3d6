"""Runs the trials of a study, some at a time: each is `archc train` in a process of its own, with a log."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from archc.failure import ENVIRONMENT, FINDING, Failure
from archc.history.events import Step, latest
from archc.study.begun import ENDED, begun
from archc.study.folder import open_log
from archc.study.trials import Trial
from archc.training.progress import Progress, progress
from archc.training.record import is_running
from archc.wording import visible

PERIOD = 0.5
"""Seconds between two looks at the processes."""

PATIENCE = 40.0
"""Seconds that runs have to end by themselves: more than `archc train` gives its training process."""


SETTLING = 10.0
"""Seconds that the processes which a run has started have to end after it."""


@dataclass(frozen=True)
class _Running:
    trial: Trial
    process: subprocess.Popen[bytes]
    cores: set[int] | None


def unended(trials: Sequence[Trial], specs: Mapping[str, bytes]) -> list[Trial]:
    """The trials that have to be started, or to go on; a Failure if the folder of one has something else."""
    found = [(trial, begun(trial, specs[trial.name])) for trial in trials]
    return [trial for trial, outcome in found if outcome is None or outcome.status not in ENDED]


def run_all(waiting: Sequence[Trial], specs: Mapping[str, bytes], *, total: int, jobs: int) -> None:
    """Train the trials that have not ended, of `total` ones, `jobs` at a time.

    A Failure if a run fails in another way than by divergence, or is not of the spec whose text is in `specs`. An
    exception, such as that of a signal, ends all runs with a checkpoint before it goes on.
    """
    if not waiting:
        return
    left, running, free = list(reversed(waiting)), list[_Running](), _shares(min(jobs, len(waiting)))
    done = total - len(waiting)
    with closing(progress("run", total)) as shown:
        try:
            while left or running:
                while left and free:
                    running.append(_Running(left[-1], _started(left.pop(), free[-1]), free.pop()))
                time.sleep(PERIOD)
                for each in [each for each in running if each.process.poll() is not None]:
                    running.remove(each)
                    free.append(each.cores)
                    done += 1
                    shown.say(f"{each.trial.title}: {_end(each, specs)}")
                _show(shown, done, running)
        finally:
            _end_all(running)


def _shares(jobs: int) -> list[set[int] | None]:
    """The processor cores of each run at a time: equal shares; None where they cannot be chosen, or are too few.

    Runs that use all cores at once wait for each other.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    size = len(cores) // jobs
    return [set(cores[size * place : size * (place + 1)]) or None for place in range(jobs)]


def _started(trial: Trial, cores: set[int] | None) -> subprocess.Popen[bytes]:
    with open_log(trial.log) as log:
        started = subprocess.Popen(
            trial.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,  # a signal reaches it once: from here
            env={**os.environ, "NO_COLOR": "1"},
        )
    if cores:
        with suppress(ProcessLookupError):  # it may have ended
            os.sched_setaffinity(started.pid, cores)
    return started


def settle(run: Path) -> None:
    """Wait for processes that a run has started and that end a moment after it: until then, it seems to go on."""
    until = time.monotonic() + SETTLING
    while is_running(run) and time.monotonic() < until:
        time.sleep(0.05)


def _end(each: _Running, specs: Mapping[str, bytes]) -> str:
    """How a run ended, in words; a Failure if the study cannot go on."""
    code, trial = each.process.returncode, each.trial
    settle(trial.run)
    if code not in (0, FINDING) or (found := begun(trial, specs[trial.name])) is None or found.status not in ENDED:
        raise Failure(
            f"the run of {trial.title} ended with code {code}: {_last_line(trial)}",
            f"its output is in {trial.log}; the same command goes on after the cause is mended",
            code if code in (FINDING, 2) else ENVIRONMENT,
        )
    if found.status == "diverged":
        return f"diverged after step {found.step}"
    score = found.held_out
    rate = None if score is None else score.rate
    return "complete" if rate is None else f"held-out error {100 * (1 - rate):.1f} %"


def _last_line(trial: Trial) -> str:
    """The error that a run printed."""
    with suppress(OSError):
        lines = trial.log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        if errors or lines:
            return visible((errors or lines)[-1].removeprefix("error: "))
    return "it printed nothing"


def _show(shown: Progress, done: int, running: Sequence[_Running]) -> None:
    notes: list[str] = []
    for each in running:
        step = latest(each.trial.run, Step, "step")
        notes.append(f"{each.trial.title}, step {step.step}" if step else f"{each.trial.title} starts")
    shown.show(done, *notes)


def _end_all(running: Sequence[_Running]) -> None:
    for each in running:
        with suppress(ProcessLookupError):
            each.process.send_signal(signal.SIGTERM)
    latest_end = time.monotonic() + PATIENCE
    for each in running:
        try:
            each.process.wait(max(latest_end - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            each.process.kill()
            each.process.wait()
