"""Ranks on several machines compare what they are about to train, and one line names the first that differs."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.failure import Failure
from archc.training.alike import Card, check_alike, check_same_data
from archc.training.result import Data

CARD = Card(
    node=0,
    run=Path("/run"),
    job={"seed": 0, "recipe": {"batch": 4}},
    resume=None,
    source="aa",
    versions={"archc": "1", "torch": "2"},
    kind="cpu",
    device="cpu",
)


def test_ranks_that_train_the_same() -> None:
    check_alike([CARD, CARD.model_copy(update={"node": 1, "run": Path("/tmp/other"), "device": "another"})])


@pytest.mark.parametrize(
    ("other", "message", "code"),
    [
        ({"versions": {"archc": "1", "torch": "3"}}, "rank 1 has torch 3, rank 0 has 2", 3),
        ({"source": "bb"}, "the source that rank 1 trains differs from that of rank 0", 2),
        (
            {"job": {"seed": 1, "recipe": {"batch": 4}}},
            "the job of rank 1 differs from that of rank 0: seed 1 instead of 0",
            2,
        ),
        (
            {"job": {"seed": 0, "recipe": {"batch": 8}}},
            "the job of rank 1 differs from that of rank 0: recipe",
            2,
        ),
        ({"kind": "cuda"}, "rank 1 has a GPU, rank 0 has none", 3),
    ],
)
def test_a_rank_that_differs(other: dict[str, object], message: str, code: int) -> None:
    with pytest.raises(Failure) as failing:
        check_alike([CARD, CARD.model_copy(update=other)])
    assert (failing.value.message, failing.value.code) == (message, code)


def test_data_that_differ() -> None:
    first = Data(files=3, bytes=2000, sha256="aa")
    check_same_data([first, first])
    with pytest.raises(
        Failure, match="rank 1 differ from those of rank 0: 2 files of 1,500 bytes instead of 3 of 2,000"
    ):
        check_same_data([first, Data(files=2, bytes=1500, sha256="bb")])
    with pytest.raises(Failure, match="the same number of files and bytes, but others"):
        check_same_data([first, Data(files=3, bytes=2000, sha256="bb")])
