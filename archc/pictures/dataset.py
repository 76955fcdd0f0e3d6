"""Makes a job's pictures ready for training: finds and checks them, generates the built-in ones, measures them.

`job_pictures` checks all that is known before any picture is read or drawn. It is quick, so a backend calls it before
it imports its framework.
"""

from __future__ import annotations

from archc.failure import FINDING, Failure
from archc.pictures.built_in import built_in_pictures
from archc.pictures.checking import check_files
from archc.pictures.decoding import MODES
from archc.pictures.fingerprint import fingerprint
from archc.pictures.folder import Pictures, find_pictures
from archc.pictures.gratings import write_gratings
from archc.pictures.preparation import Statistics, measure
from archc.training.batch import check_batch
from archc.training.job import Job
from archc.training.result import add_to_result
from archc.wording import counted


def job_pictures(job: Job) -> Pictures:
    """The pictures of a job; a Failure if the network or the batch does not suit them. Built-in ones may not exist."""
    channels, _, _ = job.image
    if channels not in MODES:
        fix = "use an `input` of [1, height, width] or [3, height, width]"
        raise Failure(f"{job.name} takes {counted(channels, 'channel')}, pictures have 1 or 3", fix, FINDING)
    pictures = built_in_pictures(job.pictures, channels=channels) if job.built_in else find_pictures(job.pictures)
    classes = len(pictures.classes)
    if classes > job.outputs:
        owner = "the built-in set" if job.built_in else str(job.pictures)
        fix = f"use {classes} or more units in the last `dense` layer, or "
        fix += "`--data DIR` with fewer classes" if job.built_in else "remove class folders"
        message = f"{owner} has {classes:,} classes, {job.name} has {counted(job.outputs, 'output')}"
        raise Failure(message, fix, FINDING)
    check_batch(job.recipe.batch, job.devices, needs_two=job.needs_two, pictures=len(pictures.train))
    return pictures


def open_pictures(job: Job, pictures: Pictures) -> Statistics:
    """Draw or check a job's pictures, and measure them. Call it once, in one process, before any rank starts."""
    channels, height, width = job.image
    files = [file for file, _ in (*pictures.train, *pictures.val)]
    if job.built_in:
        write_gratings(job.pictures, size=(height, width), channels=channels)
    else:
        check_files(files)
    add_to_result(job.run, data=fingerprint(job.pictures, files))
    statistics = measure([file for file, _ in pictures.train], job.recipe.data, channels=channels)
    statistics.save(job.statistics)
    return statistics


def load_pictures(job: Job) -> tuple[Pictures, Statistics]:
    """The pictures and statistics that `open_pictures` made ready, for a rank in another process."""
    return job_pictures(job), Statistics.load(job.statistics)
