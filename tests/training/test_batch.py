"""Batches that a run cannot use are refused with one that it can."""

from __future__ import annotations

import re
from itertools import product

import pytest

from archc.failure import Failure
from archc.training.batch import check_batch


def refused(batch: int, devices: int, *, needs_two: str | None = None, pictures: int | None = None) -> Failure:
    with pytest.raises(Failure) as failure:
        check_batch(batch, devices, needs_two=needs_two, pictures=pictures)
    return failure.value


@pytest.mark.parametrize("needs_two", [None, "norm1"])
def test_what_a_failure_suggests_passes(needs_two: str | None) -> None:
    suggestions = 0
    for pictures, batch, devices in product([None, *range(2, 14)], range(1, 16), range(1, 8)):
        try:
            check_batch(batch, devices, needs_two=needs_two, pictures=pictures)
        except Failure as failure:
            if "--" not in failure.help:
                continue
            suggested = {name: int(value) for name, value in re.findall(r"--(gpus|batch) (\d+)", failure.help)}
            check_batch(suggested["batch"], suggested.get("gpus", devices), needs_two=needs_two, pictures=pictures)
            suggestions += 1
    assert suggestions > 300


@pytest.mark.parametrize(
    ("batch", "devices", "pictures", "message", "help"),
    [
        (8, 2, 3, "3 training pictures cannot fill a batch of 8", "use `--batch 3`, or add pictures"),
        (8, 1, 3, "3 training pictures cannot fill a batch of 8", "use `--batch 3`, or add pictures"),
        (
            1,
            2,
            None,
            "a batch of 1 cannot be divided over 2 devices",
            "use `--batch 2`: one picture or more",
        ),
        (8, 4, 3, "3 training pictures cannot be divided over 4 devices", "use `--gpus 3 --batch 3`, or add pictures"),
    ],
)
def test_the_failures(batch: int, devices: int, pictures: int | None, message: str, help: str) -> None:
    failure = refused(batch, devices, pictures=pictures)
    assert failure.message == message
    assert failure.help.startswith(help)


def test_a_layer_that_needs_two_pictures_is_named() -> None:
    check_batch(2, 2, needs_two="norm1")  # the mean and the variance are those of the whole batch
    failure = refused(1, 1, needs_two="norm1")
    assert (
        failure.message == "norm1 normalises each value over the batch, which takes two pictures, and there is only one"
    )
    assert failure.help == "use `--batch 2`"
    assert refused(1, 1, needs_two="norm1", pictures=1).help == "add pictures"


@pytest.mark.parametrize(("pictures", "fixed", "most"), [(31, 4, 3), (8, 2, 1), (100, 13, 12)])
def test_more_batches_to_overfit_than_there_are_pictures(pictures: int, fixed: int, most: int) -> None:
    with pytest.raises(Failure) as failure:
        check_batch(8, 2, needs_two=None, pictures=pictures, fixed=fixed)
    assert failure.value.help == f"use `--overfit-batches {most}`"
    check_batch(8, 2, needs_two=None, pictures=pictures, fixed=most)
