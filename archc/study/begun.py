"""Checks of what the folder of a trial contains: nothing yet, or its own run, with all that its results need."""

from __future__ import annotations

import shlex
from contextlib import suppress
from os.path import lexists

from archc.failure import FINDING, USAGE, Failure
from archc.history.events import HeldOut, latest
from archc.history.outcomes import Outcome, outcome
from archc.language.study import meaning
from archc.study.trials import Trial

ENDED = ("complete", "diverged")
"""The ends of a run that the study does not try again: divergence is a result, too."""


def begun(trial: Trial, spec: bytes) -> Outcome | None:
    """The outcome of the run of a trial; None if it has not begun. A Failure if the study cannot use what is there.

    `spec` is the text that the trial trains. Another text of the same contents will do.
    """
    if not lexists(trial.run) or (trial.run.is_dir() and not any(trial.run.iterdir())):
        return None
    if not (trial.run / "job.json").is_file():
        raise Failure(f"{trial.run} is not the folder of a run", anew(trial), USAGE)
    found = outcome(trial.run)
    if found.status == "running":
        message = f"another process trains the run of {trial.title} in {trial.run}"
        raise Failure(message, "wait for its end, or end it", USAGE)
    problem = found.problem
    if found.status == "complete" and latest(trial.run, HeldOut, "end") is None:
        problem = "metrics.jsonl lacks the final test"
    if problem:
        raise Failure(f"the run of {trial.title} in {trial.run} is damaged: {problem}", anew(trial), FINDING)
    with suppress(OSError):  # `archc train` reports a run without its spec
        if meaning((trial.run / "spec.yaml").read_bytes()) != meaning(spec):
            message = f"the run of {trial.title} in {trial.run} has another spec than {trial.spec}"
            raise Failure(message, f"restore the spec, or {anew(trial)}", USAGE)
    return found


def anew(trial: Trial) -> str:
    """The help for a run that is of no use."""
    return f"remove {shlex.quote(str(trial.run))}, and the same command trains the run again"
