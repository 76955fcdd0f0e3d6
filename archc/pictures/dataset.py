"""Makes a job's pictures ready for training: finds and checks them, generates the built-in ones, measures them.

`job_pictures` checks all that is known before any picture is read or drawn. It is quick, so a backend calls it before
it imports its framework.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from archc.failure import FINDING, Failure
from archc.pictures.built_in import built_in_pictures
from archc.pictures.checking import Checked, check_files
from archc.pictures.decoding import MODES, SeveralUnreadable, Unreadable
from archc.pictures.feed import PictureFeed, preparation
from archc.pictures.fingerprint import fingerprint
from archc.pictures.folder import Pictures, find_pictures
from archc.pictures.gratings import write_gratings
from archc.pictures.preparation import Statistics, measure
from archc.pictures.skipping import check_policy, read_skipped, tell, without_bad
from archc.training.batch import check_batch
from archc.training.description import Preparation, class_name, describe, stored
from archc.training.job import Job
from archc.training.result import record_data
from archc.training.share import Share
from archc.wording import counted

MOST_RESIZE = 4096
"""The largest side of the square that pictures are scaled to. The sums for the mean picture have 8 bytes per value."""


class PictureSet:
    """The pictures of a job, as `archc.dataset.Dataset` describes them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pictures = job_pictures(job)
        self._statistics: Statistics | None = None
        self.count, self.held_out = len(self._pictures.train), len(self._pictures.val)
        self.classes = len(self._pictures.classes)

    def open(self) -> None:
        self._take(*open_pictures(self._job, self._pictures))

    def load(self) -> None:
        pictures = self._pictures.without(read_skipped(self._job))
        self._take(pictures, load_statistics(self._job, pictures))

    def _take(self, pictures: Pictures, statistics: Statistics) -> None:
        self._pictures, self._statistics = pictures, statistics
        self.count, self.held_out = len(pictures.train), len(pictures.val)

    def feed(self, share: Share, threads: int) -> PictureFeed:
        assert self._statistics is not None, "the pictures were not opened"
        return PictureFeed.of(self._job, self._pictures, self._statistics, share, threads)


def job_pictures(job: Job) -> Pictures:
    """The pictures of a job; a Failure if the network or the batch does not suit them. Built-in ones may not exist."""
    channels, _, _ = job.image
    if channels not in MODES:
        fix = "use an `input` of [1, height, width] or [3, height, width]"
        raise Failure(f"{job.name} takes {counted(channels, 'channel')}, pictures have 1 or 3", fix, FINDING)
    _check_resize(job)
    pictures = built_in_pictures(job.pictures, channels=channels) if job.built_in else find_pictures(job.pictures)
    classes = len(pictures.classes)
    if classes > job.outputs:
        owner = "the built-in set" if job.built_in else str(job.pictures)
        fix = f"use {classes} or more units in the last `dense` layer, or "
        fix += "`--data DIR` with fewer classes" if job.built_in else "remove class folders"
        message = f"{owner} has {classes:,} classes, {job.name} has {counted(job.outputs, 'output')}"
        raise Failure(message, fix, FINDING)
    _check_batch(job, pictures)
    train = tuple(pictures.train[index] for index in job.used(len(pictures.train)))
    val = tuple(pictures.val[index] for index in job.used(len(pictures.val), held_out=True))
    return replace(pictures, train=train, val=val)


def _check_batch(job: Job, pictures: Pictures) -> None:
    check_batch(
        job.recipe.batch,
        job.devices,
        needs_two=job.needs_two,
        pictures=len(pictures.train),
        fixed=job.overfit_batches,
        parts=job.recipe.accumulate,
    )


def _check_resize(job: Job) -> None:
    data = preparation(job)
    if data.resize <= MOST_RESIZE:
        return
    message = f"{job.name} trains on squares of {data.resize:,} × {data.resize:,} pixels"
    fix = f"use `resize: {MOST_RESIZE}` or less"
    # The default recipe's `resize` is 256/227 of the input.
    if max(data.crop) > (side := MOST_RESIZE * 227 // 256):
        fix = f"use an `input` of at most {side:,} × {side:,} pixels, and a `resize` of at most {MOST_RESIZE:,}"
    raise Failure(f"{message}; the largest are {MOST_RESIZE:,} × {MOST_RESIZE:,}", fix, FINDING)


def open_pictures(job: Job, pictures: Pictures) -> tuple[Pictures, Statistics]:
    """Draw or check a job's pictures, and measure them; those that the job trains on, and what was measured.

    Call it once, in one process, before any rank starts.
    """
    channels, height, width = job.image
    if job.built_in:
        write_gratings(job.pictures, size=(height, width), channels=channels)
        checked = Checked()
    else:
        checked = check_files(pictures.files, preparation(job).resize)
    pictures, skipped, statistics = _measured(job, pictures, checked.bad)
    used = {*pictures.files}
    converted = Counter(kind for file, kinds in checked.converted.items() if file in used for kind in kinds)
    counts = {"skipped": len(skipped), "ignored": sum(pictures.ignored.values()), "converted": dict(converted)}
    data = fingerprint(job.pictures, [*used]).model_copy(update=counts)
    record_data(job, data)
    if not job.built_in:
        tell(job, data, pictures, skipped)
    statistics.save(job.statistics, listing=pictures.digest)
    describe(job.run, classes=[*map(class_name, pictures.classes)], preparation=_described(job, statistics))
    return pictures, statistics


def _described(job: Job, statistics: Statistics) -> Preparation:
    """How the pictures of a job are prepared, for model.json."""
    data = preparation(job)
    channels = statistics.mean.mean((0, 1), np.float64)
    return Preparation(
        resize=data.resize,
        crop=(data.crop.height, data.crop.width),
        mean=tuple(map(float, channels)),
        std=tuple(map(float, statistics.std)),
        subtracts="picture" if data.mean == "pixel" else "channels",
        test=job.recipe.test,
        statistics=stored(job.statistics),
    )


def _measured(
    job: Job, pictures: Pictures, bad: Sequence[Unreadable]
) -> tuple[Pictures, Sequence[Unreadable], Statistics]:
    """The pictures that a job trains on, those that it skips, and the statistics, for which some are decoded.

    A Failure names all that cannot be read if the job is to stop for them, also those that only decoding finds.
    """
    channels, _, _ = job.image
    while True:
        rest = without_bad(job, pictures, bad, partial(_check_batch, job))
        try:
            statistics = measure([file for file, _ in rest.train], preparation(job), channels=channels)
        except SeveralUnreadable as found:
            bad = sorted([*bad, *found.pictures], key=lambda each: each.file)
        else:
            check_policy(job, pictures, bad)
            return rest, bad, statistics


def load_statistics(job: Job, pictures: Pictures) -> Statistics:
    """The statistics that `open_pictures` measured, for a rank in another process.

    All ranks must number the same pictures in the same way, so a Failure is raised if the folder has changed since.
    """
    return Statistics.load(job.statistics, listing=pictures.digest)
