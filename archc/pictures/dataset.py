"""Makes a job's pictures ready for training: generates, finds, checks and measures them."""

from __future__ import annotations

from archc.failure import FINDING, Failure
from archc.pictures.decoding import MODES
from archc.pictures.folder import Pictures, find_pictures
from archc.pictures.gratings import write_gratings
from archc.pictures.order import batches
from archc.pictures.preparation import Statistics, measure
from archc.training.job import Job
from archc.wording import counted


def open_pictures(job: Job) -> tuple[Pictures, Statistics]:
    """Make a job's pictures ready and measure them. Call it once, in one process, before any rank starts."""
    channels, height, width = job.image
    if channels not in MODES:
        fix = "use an `input` of [1, height, width] or [3, height, width]"
        raise Failure(f"{job.name} takes {counted(channels, 'channel')}, pictures have 1 or 3", fix, FINDING)
    if job.built_in:
        write_gratings(job.pictures, size=(height, width), channels=channels)
    pictures = find_pictures(job.pictures)
    classes = len(pictures.classes)
    if classes > job.outputs:
        message = f"{job.pictures} has {classes:,} classes, {job.name} has {counted(job.outputs, 'output')}"
        fix = f"use {classes} or more units in the last `dense` layer, or remove class folders"
        raise Failure(message, fix, FINDING)
    # Called for its check that the pictures fill a batch, before the slow measurement.
    batches(len(pictures.train), job.recipe.batch, seed=job.seed, epoch=0)
    statistics = measure([file for file, _ in pictures.train], job.recipe.data, channels=channels)
    statistics.save(job.statistics)
    return pictures, statistics


def load_pictures(job: Job) -> tuple[Pictures, Statistics]:
    """The pictures and statistics that `open_pictures` made ready, for a rank in another process."""
    return find_pictures(job.pictures), Statistics.load(job.statistics)
