"""Whether torchrun has started this process, as its environment says."""

from __future__ import annotations

import pytest

from archc.failure import Failure
from archc.training.worker import NAMES, worker

TORCHRUN = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "GROUP_RANK": "1",
    "MASTER_ADDR": "node0",
    "MASTER_PORT": "29500",
}


def test_the_place_of_a_process() -> None:
    place = worker(TORCHRUN)
    assert place is not None
    assert (place.rank, place.ranks, place.local_rank, place.local_ranks, place.node) == (5, 8, 1, 4, 1)
    assert (place.address, place.port, place.attempt) == ("node0", 29500, 0)
    assert not (place.is_recording or place.is_first or place.is_alone)


@pytest.mark.parametrize("name", NAMES)
def test_without_one_of_the_names_it_is_not_a_worker(name: str) -> None:
    assert worker({key: value for key, value in TORCHRUN.items() if key != name}) is None


def test_another_launcher_may_set_only_the_five_names() -> None:
    place = worker({name: TORCHRUN[name] for name in NAMES} | {"RANK": "0", "LOCAL_RANK": "0"})
    assert place is not None and place.is_recording and place.is_first
    assert (place.node, place.local_ranks) == (0, 1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"RANK": "x"}, "torchrun's environment has RANK=x, which is not a number"),
        ({"LOCAL_RANK": "-1"}, "torchrun's environment has LOCAL_RANK=-1, which is not a number"),
        ({"RANK": "8"}, "torchrun's environment has RANK=8 with WORLD_SIZE=8"),
    ],
)
def test_an_environment_that_is_wrong(wrong: dict[str, str], message: str) -> None:
    with pytest.raises(Failure) as failing:
        worker(TORCHRUN | wrong)
    assert (failing.value.message, failing.value.code) == (message, 2)
