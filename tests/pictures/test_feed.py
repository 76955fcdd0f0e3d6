"""What each rank reads: together the same pictures, whatever the ranks and threads."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archc.failure import Failure
from archc.pictures.dataset import PictureSet, job_pictures, open_pictures
from archc.pictures.feed import Batch, PictureFeed
from archc.training.job import Job
from archc.training.share import Share


@pytest.fixture
def feed(job: Job, fill: Callable[..., Path]) -> PictureFeed:
    """22 pictures to train on in batches of 4; 27 held out, more than two batches of ten views."""
    fill(job.pictures, {"train/a": 13, "train/b": 9, "val/a": 15, "val/b": 12})
    pictures, statistics = open_pictures(job, job_pictures(job))
    return PictureFeed(job, pictures, statistics)


def joined(ranks: list[list[Batch]]) -> list[Batch]:
    """The global batches of ranks that read in step."""
    return [
        Batch(
            tuple(map(np.concatenate, zip(*(b.inputs for b in parts), strict=True))),
            np.concatenate([b.targets for b in parts]),
            parts[0].count,
        )
        for parts in zip(*ranks, strict=True)
    ]


def assert_same(some: list[Batch], others: list[Batch]) -> None:
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        for ours, theirs in zip(one.inputs, other.inputs, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_batches_are_arrays_of_the_jobs_shape(feed: PictureFeed) -> None:
    got = list(feed.training(0))
    assert [batch.inputs[0].shape for batch in got] == [(4, 8, 10, 3)] * 5
    assert {tuple(part.dtype.name for part in batch.inputs) for batch in got} == {("uint8", "int64", "float32")}
    assert {batch.targets.dtype.name for batch in got} == {"int64"}
    assert {int(label) for batch in got for label in batch.targets} == {0, 1}


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_ranks_together_read_what_one_reads(feed: PictureFeed, ranks: int) -> None:
    parts = [list(replace(feed, share=Share(rank, ranks)).training(1)) for rank in range(ranks)]
    assert {len(batch.targets) for part in parts for batch in part} == {4 // ranks, -(-4 // ranks)}
    assert_same(joined(parts), list(feed.training(1)))


def test_ranks_that_read_all_read_what_one_reads(feed: PictureFeed) -> None:
    alike = replace(feed, share=Share(1, 2, "all", "all"))
    assert_same(list(alike.training(1)), list(feed.training(1)))
    assert_same(list(alike.held_out("center")), list(feed.held_out("center")))


@pytest.mark.parametrize("ranks", [2, 4, 30])
def test_ranks_that_share_the_loss_have_all_targets_in_step(feed: PictureFeed, ranks: int) -> None:
    """Each reads its own pictures, as many batches as the others, and knows the classes of all."""
    shares = [Share(rank, ranks, "own", "all") for rank in range(ranks)]
    for test in ("center", "ten_crop"):
        parts = [list(replace(feed, share=share).held_out(test)) for share in shares]
        assert {len(part) for part in parts} == {len(parts[0])}
        for together in zip(*parts, strict=True):
            count = together[0].count
            assert [len(batch.inputs[0]) for batch in together] == shares[0].sizes(count)
            assert all(np.array_equal(batch.targets, together[0].targets) for batch in together)
            assert len(together[0].targets) == count
        assert sum(batch.count for batch in parts[0]) == 27


def test_threads_change_nothing(feed: PictureFeed) -> None:
    assert_same(list(replace(feed, threads=1).training(0)), list(replace(feed, threads=5).training(0)))


def test_epochs_differ(feed: PictureFeed) -> None:
    first, second = next(feed.training(0)), next(feed.training(1))
    assert not np.array_equal(first.inputs[0], second.inputs[0])


@pytest.mark.parametrize(("test", "views"), [("ten_crop", 10), ("center", 1)])
@pytest.mark.parametrize("ranks", [1, 2, 30])
def test_each_held_out_picture_is_read_once_by_one_rank(feed: PictureFeed, test: str, views: int, ranks: int) -> None:
    parts = [list(replace(feed, share=Share(rank, ranks)).held_out(test)) for rank in range(ranks)]  # pyright: ignore[reportArgumentType]
    batches = [batch for part in parts for batch in part]
    assert {batch.inputs[0].shape[1:] for batch in batches} == {(views, 8, 10, 3)}
    assert max(batch.inputs[0].shape[0] * views for batch in batches) <= 120
    assert sum(len(batch.targets) for batch in batches) == 27
    assert np.bincount(np.concatenate([batch.targets for batch in batches])).tolist() == [15, 12]
    pictures = {batch.inputs[0][i].tobytes() for batch in batches for i in range(len(batch.targets))}
    assert len(pictures) == 27


def test_a_broken_picture_ends_the_epoch_with_its_name(feed: PictureFeed) -> None:
    broken = feed.pictures.train[5][0]
    broken.write_bytes(b"no picture")
    with pytest.raises(Failure, match=broken.name):
        for epoch in range(9):  # an epoch drops the tail of its order, which the picture may be in
            list(feed.training(epoch))


def test_batches_to_overfit_are_the_same_centre_views_again_and_again(feed: PictureFeed) -> None:
    fixed = replace(feed, job=feed.job.model_copy(update={"overfit_batches": 2}))
    epoch = list(fixed.training(0))
    assert len(epoch) == len(list(feed.training(0)))
    assert_same(list(fixed.training(3)), epoch)
    assert_same(epoch[:3], epoch[2:])
    assert not np.array_equal(epoch[0].inputs[0], epoch[1].inputs[0])
    train = replace(feed, pictures=replace(feed.pictures, val=feed.pictures.train))
    views = {view.tobytes() for batch in train.held_out("center") for view in batch.inputs[0][:, 0]}
    assert all(view.tobytes() in views for batch in epoch for view in batch.inputs[0])


def test_a_trial_reads_a_batch_and_a_few_held_out_pictures(job: Job, fill: Callable[..., Path]) -> None:
    fill(job.pictures, {"train/a": 13, "train/b": 9, "val/a": 15, "val/b": 12})
    trial = job.model_copy(update={"fast_dev_run": True})
    data = PictureSet(trial)
    data.open()
    assert (data.count, data.held_out, data.classes) == (4, 16, 2)
    feed = data.feed(Share(), 1)
    (batch,) = feed.training(0)
    assert {*batch.targets.tolist()} == {0, 1}
    again = PictureSet(trial)
    again.load()
    assert_same(list(again.feed(Share(), 1).held_out("center")), list(feed.held_out("center")))
