"""Whether this process is one of the ranks that torchrun has started, and which one: what its environment says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from archc.failure import USAGE, Failure

NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun sets for each process that it starts. A process that lacks one of them is not a worker."""


@dataclass(frozen=True)
class Worker:
    """The place of a process among those that torchrun has started, on one or several machines.

    `address` and `port` are those of the store by which they meet.
    """

    rank: int
    ranks: int
    local_rank: int
    """The number of the process on its machine, which is also that of its GPU."""
    local_ranks: int
    """The number of processes on its machine."""
    node: int
    """The number of its machine."""
    address: str
    port: int
    attempt: int = 0
    """How often torchrun has started the processes again."""

    @property
    def is_recording(self) -> bool:
        """Whether this process writes the run's folder, and prints."""
        return self.rank == 0

    @property
    def is_first(self) -> bool:
        """Whether this process makes the data ready on its machine."""
        return self.local_rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether all processes are on this machine."""
        return self.local_ranks == self.ranks


def worker(environment: Mapping[str, str] = os.environ) -> Worker | None:
    """The place that an environment gives this process; None if torchrun has not started it."""
    if any(not environment.get(name) for name in NAMES):
        return None

    def number(name: str, default: str) -> int:
        text = environment.get(name, default)
        if not text.isdecimal():
            message = f"torchrun's environment has {name}={text}, which is not a number"
            raise Failure(message, "start `archc train` by torchrun, or unset RANK", USAGE)
        return int(text)

    rank, local_rank = number("RANK", ""), number("LOCAL_RANK", "")
    found = Worker(
        rank=rank,
        ranks=number("WORLD_SIZE", ""),
        local_rank=local_rank,
        # Other launchers than torchrun may set only the five names.
        local_ranks=number("LOCAL_WORLD_SIZE", "1"),
        node=number("GROUP_RANK", str(rank)),
        address=environment["MASTER_ADDR"],
        port=number("MASTER_PORT", ""),
        attempt=number("TORCHELASTIC_RESTART_COUNT", "0"),
    )
    if not found.rank < found.ranks:
        message = f"torchrun's environment has RANK={found.rank} with WORLD_SIZE={found.ranks}"
        raise Failure(message, "ranks count from 0", USAGE)
    return found
