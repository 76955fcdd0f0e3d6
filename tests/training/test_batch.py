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
            suggested = {name: int(value) for name, value in re.findall(r"--(gpus|batch) (\d+)", failure.help)}
            check_batch(suggested["batch"], suggested.get("gpus", devices), needs_two=needs_two, pictures=pictures)
            suggestions += 1
    assert suggestions > 500


@pytest.mark.parametrize(
    ("batch", "devices", "pictures", "message", "help"),
    [
        (8, 2, 3, "3 training pictures cannot fill a batch of 8", "use `--batch 2`, or add pictures"),
        (8, 1, 3, "3 training pictures cannot fill a batch of 8", "use `--batch 3`, or add pictures"),
        (5, 2, 3, "a batch of 5 does not split evenly over 2 devices", "use `--batch 2`: each device"),
        (
            1,
            2,
            None,
            "a batch of 1 does not split evenly over 2 devices",
            "use `--batch 2`: each device",
        ),
        (8, 4, 3, "3 training pictures cannot be split over 4 devices", "use `--gpus 3 --batch 3`, or add pictures"),
    ],
)
def test_the_failures(batch: int, devices: int, pictures: int | None, message: str, help: str) -> None:
    failure = refused(batch, devices, pictures=pictures)
    assert failure.message == message
    assert failure.help.startswith(help)


def test_a_layer_that_needs_two_pictures_per_device_is_named() -> None:
    failure = refused(2, 2, needs_two="norm1", pictures=3)
    assert failure.message == "3 training pictures cannot be split over 2 devices: norm1 needs two per device"
    assert failure.help == "use `--gpus 1 --batch 2`, or add pictures"
    failure = refused(2, 2, needs_two="norm1")
    assert failure.message.startswith("norm1 normalises each value over the batch, and one picture per device has no")
    assert failure.help == "use `--batch 4`"
