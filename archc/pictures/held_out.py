"""The pictures that a trained network is tested on: those that its run held out, or other ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archc.failure import FINDING, Failure
from archc.pictures.checking import check_files
from archc.pictures.dataset import job_pictures
from archc.pictures.decoding import SeveralUnreadable
from archc.pictures.feed import PictureFeed, preparation
from archc.pictures.folder import Labelled, Pictures, pictures_to_test
from archc.pictures.preparation import Statistics
from archc.pictures.skipping import read_skipped
from archc.training.job import Job
from archc.training.share import Share


@dataclass(frozen=True)
class HeldOut:
    """Pictures to test on, with their labels, and the statistics of the pictures of training."""

    job: Job
    val: Labelled
    statistics: Statistics

    def feed(self, share: Share, threads: int) -> PictureFeed:
        """The pictures of one rank."""
        return PictureFeed(self.job, Pictures((), (), self.val), self.statistics, share, threads)


def own_pictures(job: Job) -> HeldOut:
    """The pictures that a run held out; a Failure if its folder has others now."""
    statistics, listing = stored_statistics(job)
    pictures = job_pictures(job).without(read_skipped(job))
    if pictures.digest != listing:
        message = f"{job.pictures} no longer has the pictures of the run: some were added, removed or renamed"
        raise Failure(message, "evaluate on another folder: `--data DIR`", FINDING)
    return HeldOut(job, pictures.val, statistics)


def other_pictures(job: Job, root: Path, classes: Sequence[str]) -> HeldOut:
    """The pictures of another folder, all of which can be read, with the labels that their classes had in training."""
    found = pictures_to_test(root, classes)
    files = [file for file, _ in found]
    if bad := check_files(files, preparation(job).resize).bad:
        raise SeveralUnreadable(bad, of=len(files))
    return HeldOut(job, found, stored_statistics(job)[0])


def stored_statistics(job: Job) -> tuple[Statistics, bytes]:
    """The statistics in a run's folder, and the digest of the pictures that the run used."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(job.statistics, "np") as arrays:  # pyright: ignore[reportUnknownVariableType]
            listing = bytes(arrays.get_tensor("listing"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    except (OSError, SafetensorError) as error:
        message = f"{job.statistics} does not contain picture statistics: {error}"
        raise Failure(message, "restore the file as the run wrote it", FINDING) from error
    return Statistics.load(job.statistics, listing=listing), listing
