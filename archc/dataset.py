"""The data of a job, pictures or arrays, behind one protocol: what a backend trains on without knowing which."""

from __future__ import annotations

from typing import Protocol

from archc.training.feed import Feed
from archc.training.job import Job
from archc.training.share import Share


class Dataset(Protocol):
    """Training and held-out examples."""

    @property
    def count(self) -> int:
        """The number of training examples."""
        ...

    @property
    def held_out(self) -> int:
        """The number of held-out examples."""
        ...

    @property
    def classes(self) -> int:
        """The number of classes; 0 if targets are values."""
        ...

    def open(self) -> None:
        """Make the data ready, and record what they are; a Failure if a run goes on and began with others.

        Call it once, in one process, before any rank starts.
        """
        ...

    def load(self) -> None:
        """Take what `open` made ready, in the process of a rank; a Failure if the data have changed since."""
        ...

    def feed(self, share: Share, threads: int) -> Feed:
        """The examples of one rank."""
        ...


def find_data(job: Job) -> Dataset:
    """The data of a job; a Failure if they do not suit the network, by all that is known without reading them."""
    # Only one of the two is needed, and a backend calls this before it imports its framework.
    if job.form == "arrays":
        from archc.arrays.dataset import Arrays

        return Arrays(job)
    from archc.pictures.dataset import PictureSet

    return PictureSet(job)


def load_data(job: Job) -> Dataset:
    """The data of a job that another process has opened."""
    data = find_data(job)
    data.load()
    return data
