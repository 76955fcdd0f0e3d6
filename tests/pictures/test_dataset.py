"""A job's pictures made ready once, and read again by each rank."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from archc.failure import FINDING, Failure
from archc.language.recipe import default_recipe
from archc.ops.fields import Size
from archc.pictures.dataset import MOST_RESIZE, job_pictures, load_statistics, open_pictures
from archc.pictures.folder import find_pictures
from archc.tensor import Tensor
from archc.training.job import Job, Value


def of_shape(channels: int) -> dict[str, Value]:
    return {"image": Value(shape=(channels, 8, 10))}


def refused(job: Job) -> Failure:
    with pytest.raises(Failure) as failure:
        open_pictures(job, job_pictures(job))
    assert failure.value.code == FINDING
    return failure.value


@pytest.mark.parametrize("channels", [1, 3])
def test_the_built_in_pictures_are_made_at_the_networks_size(job: Job, channels: int) -> None:
    job = job.model_copy(update={"built_in": True, "inputs": of_shape(channels), "pictures": job.run / "new" / "set"})
    pictures = job_pictures(job)
    _, statistics = open_pictures(job, pictures)
    assert find_pictures(job.pictures) == pictures
    assert len(pictures.classes) == 8
    assert statistics.mean.shape == (12, 12, channels)
    assert job.statistics.is_file()


def test_a_rank_loads_what_was_opened(job: Job, fill: Callable[..., Path]) -> None:
    fill(job.pictures, {"a": 6, "b": 6})
    pictures = job_pictures(job)
    _, statistics = open_pictures(job, pictures)
    again = job_pictures(job)
    loaded = load_statistics(job, again)
    assert again == pictures
    np.testing.assert_array_equal(loaded.mean, statistics.mean)


@pytest.mark.parametrize("change", ["add", "remove", "rename", "move"])
def test_a_rank_refuses_pictures_that_changed_since_they_were_opened(
    job: Job, fill: Callable[..., Path], change: str
) -> None:
    """Ranks that look at different times would number the pictures differently."""
    root = fill(job.pictures, {"train/a": 6, "train/b": 6, "val/a": 2, "val/b": 2})
    open_pictures(job, job_pictures(job))
    first = root / "train" / "a" / "000.png"
    places = {"add": root / "train" / "b" / "999.png", "rename": first.with_name("x.png"), "move": root / "val/a/9.png"}
    if change == "add":
        places[change].write_bytes(first.read_bytes())
    elif change == "remove":
        first.unlink()
    else:
        first.rename(places[change])
    changed = job_pictures(job)
    with pytest.raises(Failure) as failure:
        load_statistics(job, changed)
    assert failure.value.message == "pictures were added or removed while the run started"
    assert failure.value.code == FINDING


def test_more_classes_than_outputs_are_refused(job: Job, fill: Callable[..., Path]) -> None:
    fill(job.pictures, {"a": 3, "b": 3, "c": 3})
    failure = refused(job.model_copy(update={"output": (2,)}))
    assert failure.message == f"{job.pictures} has 3 classes, tiny has 2 outputs"


def test_a_batch_that_cannot_be_filled_is_refused_before_a_run(job: Job, fill: Callable[..., Path]) -> None:
    fill(job.pictures, {"a": 2, "b": 2})
    assert refused(job).message == "2 training pictures cannot fill a batch of 4"


def test_pictures_have_one_channel_or_three(job: Job) -> None:
    assert (
        refused(job.model_copy(update={"inputs": of_shape(4)})).message == "tiny takes 4 channels, pictures have 1 or 3"
    )


def recipe_for(job: Job, resize: int, crop: int) -> Job:
    assert job.recipe.data is not None
    data = job.recipe.data.model_copy(update={"resize": resize, "crop": Size(crop, crop)})
    return job.model_copy(update={"recipe": job.recipe.model_copy(update={"data": data})})


@pytest.mark.parametrize(
    ("resize", "crop", "help"),
    [
        (4097, 8, "use `resize: 4096` or less"),
        (4097, 3633, "use an `input` of at most 3,632 × 3,632 pixels, and a `resize` of at most 4,096"),
        (2**31 - 1, 2_000_000_000, "use an `input` of at most 3,632 × 3,632 pixels, and a `resize` of at most 4,096"),
    ],
)
def test_squares_that_no_memory_holds_are_refused_before_a_run(job: Job, resize: int, crop: int, help: str) -> None:
    failure = refused(recipe_for(job, resize, crop))
    message = f"tiny trains on squares of {resize:,} × {resize:,} pixels; the largest are 4,096 × 4,096"
    assert (failure.message, failure.help) == (message, help)


@pytest.mark.parametrize("image", [[3, 3632, 3632], [1, 1, 3632]])
def test_the_help_for_a_large_input_works(image: list[int]) -> None:
    data = default_recipe([Tensor(tuple(image))]).data
    assert data is not None
    assert data.resize == MOST_RESIZE
