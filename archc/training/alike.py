"""What each rank of a run over several machines says of itself, and whether all of them are about to train the same.

Each machine has its own copy of archc, of the spec and of the data, and each rank emits the source that it trains.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from archc.failure import ENVIRONMENT, FINDING, USAGE, Failure
from archc.training.job import Job, Resume
from archc.training.result import Data

LOCAL = {"run", "pictures", "timeout", "resume"}
"""What may differ in the jobs of one run: the folders of each machine, and the checkpoint, which only rank 0 has."""


class Card(BaseModel):
    """What a rank is about to train, and on what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    node: int
    """The number of its machine."""
    run: Path
    """The run's folder, or the folder that stands for it on another machine."""
    job: dict[str, object]
    """The job, without what belongs to one machine."""
    resume: Resume | None
    """The checkpoint from which the run goes on, as rank 0 knows it."""
    source: str
    """The SHA-256 of the emitted file."""
    versions: dict[str, str]
    kind: Literal["cuda", "cpu"]
    device: str
    """The device's name."""

    @classmethod
    def of(cls, job: Job, *, node: int, versions: dict[str, str], kind: Literal["cuda", "cpu"], device: str) -> Card:
        """The card of a rank that has a job."""
        return cls(
            node=node,
            run=job.run,
            job=job.model_dump(mode="json", exclude=LOCAL),
            resume=job.resume,
            source=hashlib.sha256((job.run / job.source).read_bytes()).hexdigest(),
            versions=versions,
            kind=kind,
            device=device,
        )


def check_alike(cards: Sequence[Card]) -> None:
    """Raise a Failure for the first rank that would train something else than rank 0."""
    first = cards[0]
    for rank, card in enumerate(cards):
        for name, version in first.versions.items():
            if card.versions.get(name) != version:
                message = f"rank {rank} has {name} {card.versions.get(name)}, rank 0 has {version}"
                raise Failure(message, "install the same versions on all machines", ENVIRONMENT)
        if card.source != first.source:
            message = f"the source that rank {rank} trains differs from that of rank 0"
            raise Failure(message, "use the same spec and the same `--parallel` on all machines", USAGE)
        for name, value in first.job.items():
            if card.job.get(name) != value:
                message = f"the job of rank {rank} differs from that of rank 0: {_difference(name, card.job, value)}"
                raise Failure(message, "start all ranks with the same options", USAGE)
        if card.kind != first.kind:
            has, has_not = (rank, 0) if card.kind == "cuda" else (0, rank)
            message = f"rank {has} has a GPU, rank {has_not} has none"
            raise Failure(message, "set `CUDA_VISIBLE_DEVICES=` on all machines to train in CPU processes", ENVIRONMENT)


def check_same_data(read: Sequence[Data]) -> None:
    """Raise a Failure for the first rank whose machine has other data than that of rank 0."""
    first = read[0]
    for rank, data in enumerate(read):
        if data == first:
            continue
        what = "the same number of files and bytes, but others"
        if (data.files, data.bytes) != (first.files, first.bytes):
            what = f"{data.files:,} files of {data.bytes:,} bytes instead of {first.files:,} of {first.bytes:,}"
        message = f"the data of rank {rank} differ from those of rank 0: {what}"
        raise Failure(message, "copy the same folder to all machines", FINDING)


def _difference(name: str, job: dict[str, object], value: object) -> str:
    """`seed 1 instead of 0`; of a value with parts, only its name."""
    own = job.get(name)
    return (
        name if isinstance(own, dict | list) or isinstance(value, dict | list) else f"{name} {own} instead of {value}"
    )
