"""The held-out examples of a task: the run's own, or those of another folder."""

from __future__ import annotations

import os
from typing import NamedTuple

from archc.failure import FINDING, Failure
from archc.inference.task import Task
from archc.training.feed import Feed
from archc.training.job import Job
from archc.training.share import ALONE


class Examples(NamedTuple):
    """What gives the examples, and how many there are."""

    feed: Feed
    total: int


def held_out(task: Task, job: Job) -> Examples:
    """The examples to evaluate on; a Failure if they do not suit the network."""
    is_own = task.data is None or task.data == job.pictures.resolve()
    root = job.pictures if task.data is None else task.data
    if not root.is_dir():
        message = f"the data of the run are gone: {root} is not a folder" if is_own else f"{root} is not a folder"
        raise Failure(message, "name a folder of other examples: `--data DIR`", FINDING)
    # Only one of the two is needed.
    if job.form == "arrays":
        from archc.arrays.dataset import held_out_arrays

        arrays = held_out_arrays(job, root)
        return Examples(arrays, len(arrays.val))
    from archc.pictures.held_out import other_pictures, own_pictures

    pictures = own_pictures(job) if is_own else other_pictures(job, root, task.classes or ())
    return Examples(pictures.feed(ALONE, threads()), len(pictures.val))


def threads() -> int:
    """The threads that decode pictures: one for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
