"""The process of a backend that uses weights: it takes one task, and reports a failure as one line and an exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from archc.failure import USAGE, Failure
from archc.inference.network import Load, Outputs
from archc.inference.task import Task
from archc.signals import heed_stops
from archc.streams import guard
from archc.training.feed import Feed
from archc.training.job import Job
from archc.training.process import reported
from archc.training.pulse import Pulse, parent


class _Work(Protocol):
    """A task that can be done: its examples are there."""

    @property
    def feed(self) -> Feed: ...

    def run(self, outputs: Outputs) -> BaseModel: ...


def run_main(load: Load) -> int:
    """Do the task that the command line names with the network that `load` builds; the process's exit code.

    Use it as `if __name__ == "__main__": sys.exit(run_main(load))`.
    """
    guard()
    try:
        heed_stops()
        if len(sys.argv) != 2:
            raise Failure(f"expected 1 argument, FOLDER/task.json, got {len(sys.argv) - 1}", code=USAGE)
        task = Task.model_validate_json(Path(sys.argv[1]).read_bytes())
        Pulse(parent()).start()
        job = task.job()
        # What can be checked is checked before the framework is imported, which takes seconds.
        work = _work(task, job)
        outcome = work.run(load(task, job, work.feed))
        task.outcome.write_text(outcome.model_dump_json(), encoding="utf-8")
    except (Exception, KeyboardInterrupt) as error:  # a framework may raise anything; nobody gets a traceback
        return reported(error, None, what="the computation")
    return 0


def _work(task: Task, job: Job) -> _Work:
    # Only one of the two is needed.
    if task.what == "evaluate":
        from archc.inference.evaluating import Evaluating

        return Evaluating(task, job)
    from archc.inference.predicting import Predicting

    return Predicting(task, job)
