"""Pictures that processes prepare: the same arrays as in threads, and nothing is left behind, whoever ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from processes import all_end, descendants

from archc.failure import ENVIRONMENT, Failure
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.decoding import Unreadable
from archc.pictures.feed import MANY, Batch, PictureFeed
from archc.pictures.processes import Processes
from archc.training.job import Job
from archc.training.share import ALONE, Share

Fill = Callable[..., Path]


@pytest.fixture
def feed(job: Job, fill: Fill) -> Iterator[PictureFeed]:
    """A feed with two processes."""
    fill(job.pictures, {"train/a": 13, "train/b": 9, "val/a": 15, "val/b": 12})
    (job.pictures / "train/a/000.png").rename(job.pictures / "train" / "a" / os.fsdecode(b"\xff.png"))
    made = PictureFeed(job, *open_pictures(job, job_pictures(job)))
    with closing(replace(made, processes=Processes(made.prepare, 2))) as feed:
        yield feed


def assert_same(some: list[Batch], others: list[Batch]) -> None:
    assert len(some) == len(others) > 0
    for one, other in zip(some, others, strict=True):
        for ours, theirs in zip((*one.inputs, one.targets), (*other.inputs, other.targets), strict=True):
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_they_prepare_what_threads_do(feed: PictureFeed) -> None:
    """In all epochs and tests, from any batch on, for each rank, also after an epoch that ends early."""
    threads = replace(feed, processes=None)
    for epoch in range(2):
        assert_same(list(feed.training(epoch)), list(threads.training(epoch)))
        assert_same(list(feed.held_out("ten_crop")), list(threads.held_out("ten_crop")))
        assert_same(list(feed.held_out("center")), list(threads.held_out("center")))
    with closing(feed.training(0)) as batches:
        assert_same([*islice(batches, 1)], [*islice(threads.training(0), 1)])
    for share in (Share(1, 2), Share(0, 3, "all", "all"), Share(29, 30)):
        ours, theirs = replace(feed, share=share), replace(threads, share=share)
        assert_same(list(ours.training(1, 2)), list(theirs.training(1, 2)))
        assert_same(list(ours.held_out("ten_crop")), list(theirs.held_out("ten_crop")))


def test_a_broken_picture_ends_the_epoch_after_the_batches_before_it(feed: PictureFeed) -> None:
    threads = replace(feed, processes=None)
    feed.pictures.train[5][0].write_bytes(b"no picture")

    def read(feed: PictureFeed) -> tuple[int, str]:
        done = 0
        with pytest.raises(Unreadable) as failure:
            for epoch in range(9):
                for _ in feed.training(epoch):
                    done += 1
        return done, str(failure.value)

    assert read(feed) == read(threads)


def test_a_process_that_is_killed_is_reported(feed: PictureFeed) -> None:
    with closing(feed.training(0)) as batches:
        next(batches)
        there = descendants(os.getpid())
        assert len(there) == 2
        for process in there:
            os.kill(process, signal.SIGKILL)
        with pytest.raises(Failure, match="a process that prepares pictures ended with SIGKILL") as failure:
            list(batches)
    assert failure.value.code == ENVIRONMENT
    assert all_end(there)
    assert list(feed.training(0))  # others are started


def test_one_process_that_is_killed_is_reported_before_the_next_epoch(feed: PictureFeed) -> None:
    """At once if it had a picture; without one, nothing is lost until then."""
    assert len(list(feed.training(0))) > 1
    os.kill(descendants(os.getpid())[0], signal.SIGKILL)
    with pytest.raises(Failure, match="ended with SIGKILL"):
        while True:
            list(feed.training(1))


ORPHANS = """
import sys, time
from pathlib import Path
from archc.training.job import read_job
from archc.pictures.dataset import PictureSet
from archc.pictures.feed import MANY
from archc.training.share import Share
data = PictureSet(read_job(Path(sys.argv[1])))
data.open()
batches = data.feed(Share(), MANY).training(0)
next(batches)
print("ready", flush=True)
time.sleep(300)
"""


def test_none_outlives_the_process_that_started_them(job: Job, fill: Fill, tmp_path: Path) -> None:
    fill(job.pictures, {"a": 13, "b": 9})
    (tmp_path / "job.json").write_text(job.model_dump_json())
    command = [sys.executable, "-c", ORPHANS, str(tmp_path / "job.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "ready\n" in process.stdout
        there = descendants(process.pid)
        assert len(there) == MANY
        process.kill()
    assert all_end(there)


def test_few_threads_stay_threads(feed: PictureFeed) -> None:
    made = PictureFeed.of(feed.job, feed.pictures, feed.statistics, ALONE, MANY - 1)
    assert made.processes is None
    with closing(PictureFeed.of(feed.job, feed.pictures, feed.statistics, ALONE, MANY)) as many:
        assert many.processes is not None
