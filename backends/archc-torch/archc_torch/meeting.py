"""How ranks that torchrun has started exchange messages before they have a process group: by torchrun's own store."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import os
from datetime import timedelta

import torch.distributed as dist

from archc.failure import Failure
from archc.training.pulse import START
from archc.training.worker import Worker
from archc.wording import listed

PATIENT = timedelta(days=30)
"""As long as it takes: the vigil of each rank ends it if another one fails meanwhile."""

FAREWELL = timedelta(seconds=60)
"""How long rank 0 waits for the others to take leave, if the store ends with it."""


def connected(place: Worker, *, seconds: float = START, hosts: bool = False) -> dist.Store:
    """A connection to the store by which the ranks meet, for one thread; a Failure if nobody answers in time.

    torchrun hosts the store; with another launcher, the first connection of rank 0 does.
    """
    is_hosted = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    try:
        store = dist.TCPStore(
            place.address,
            place.port,
            is_master=hosts and place.rank == 0 and not is_hosted,
            timeout=timedelta(seconds=seconds),
            wait_for_workers=False,
        )
    except dist.DistError as error:
        message = f"rank {place.rank} cannot reach {place.address}:{place.port}, where the ranks meet"
        raise Failure(message, "check that the machines can reach each other at that port") from error
    # torchrun may have started the ranks before.
    return dist.PrefixStore(f"archc/{place.attempt}", store)


class Meeting:
    """All ranks, each of which says something and hears what all say."""

    def __init__(self, place: Worker, store: dist.Store) -> None:
        self._place = place
        self._store = store

    def join(self, text: str) -> list[str]:
        """What each rank says first, in order; a Failure if some of them do not come."""
        self._say("join", text)
        keys = [f"join/{rank}" for rank in range(self._place.ranks)]
        try:
            self._store.wait(keys, timedelta(seconds=START))
        except dist.DistError as error:
            missing = [str(rank) for rank, key in enumerate(keys) if not self._store.check([key])]
            who = f"rank {missing[0]} has" if len(missing) == 1 else f"ranks {listed(missing)} have"
            help = "see the messages of their machines; torchrun must start all of them with the same command"
            raise Failure(f"{who} not joined within {START:g} s", help) from error
        return self._heard("join")

    def say(self, topic: str, text: str = "") -> list[str]:
        """What each rank says on a topic, in order, once all have."""
        self._say(topic, text)
        return self._heard(topic)

    def give(self, topic: str, data: bytes) -> None:
        """Give something to all; only one rank may do so."""
        self._store.set(topic, data)  # pyright: ignore[reportArgumentType]  # it takes bytes, too

    def take(self, topic: str) -> bytes:
        """What a rank gives, once it has."""
        self._store.wait([topic], PATIENT)
        return self._store.get(topic)

    def leave(self) -> None:
        """Leave, rank 0 as the last one: the store may be in its process."""
        self._say("leave", "")
        if self._place.rank == 0:
            self._store.wait([f"leave/{rank}" for rank in range(self._place.ranks)], FAREWELL)

    def _say(self, topic: str, text: str) -> None:
        self._store.set(f"{topic}/{self._place.rank}", text)

    def _heard(self, topic: str) -> list[str]:
        keys = [f"{topic}/{rank}" for rank in range(self._place.ranks)]
        self._store.wait(keys, PATIENT)
        return [value.decode() for value in self._store.multi_get(keys)]
