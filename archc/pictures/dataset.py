"""A job's pictures, made ready: generated if built in, found, checked against the network, measured."""

from __future__ import annotations

from archc.failure import FINDING, Failure
from archc.pictures.decoding import MODES
from archc.pictures.folder import Pictures, find_pictures
from archc.pictures.gratings import write_gratings
from archc.pictures.order import batches
from archc.pictures.preparation import Statistics, measure
from archc.training.job import Job


def open_pictures(job: Job) -> tuple[Pictures, Statistics]:
    """Make a job's pictures ready and measure them: once, in one process, before any rank starts."""
    channels, height, width = job.image
    if channels not in MODES:
        fix = "an `input` of one of these: [1, height, width] or [3, height, width]"
        raise Failure(f"{job.name} reads {channels} channels, pictures have 1 or 3", fix, FINDING)
    if job.built_in:
        write_gratings(job.pictures, size=(height, width), channels=channels)
    pictures = find_pictures(job.pictures)
    if len(pictures.classes) > job.outputs:
        raise Failure(
            f"{job.pictures} holds {len(pictures.classes)} classes, {job.name} has {job.outputs} outputs",
            f"a head of {len(pictures.classes)} units or more, or fewer class folders",
            FINDING,
        )
    batches(len(pictures.train), job.recipe.batch, seed=job.seed, epoch=0)  # refuses a batch that cannot be filled
    statistics = measure([file for file, _ in pictures.train], job.recipe.data, channels=channels)
    statistics.save(job.statistics)
    return pictures, statistics


def load_pictures(job: Job) -> tuple[Pictures, Statistics]:
    """What `open_pictures` made ready, for the ranks that it started."""
    return find_pictures(job.pictures), Statistics.load(job.statistics)
