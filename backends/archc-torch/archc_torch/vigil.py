"""The watch of ranks that torchrun has started over each other: the failure of one ends all, with its exit code.

torchrun ends the ranks of its own machine if one fails, but not those of others. So each rank beats and looks, twice a
second, in the store of all: for the failure of another one, and the first two ranks for signs of life. The failure that
is told first is that of all. The rank that tells it prints it, and so does rank 0 if that one is on another machine.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import os
import sys
import time
from threading import Event, Lock, Thread

import torch.distributed as dist
from pydantic import BaseModel, ConfigDict

from archc.failure import Failure
from archc.training.pulse import PERIOD, Beat, Watch, parsed
from archc.training.worker import Worker
from archc.wording import listed
from archc_torch.launch import hang, restore_terminal

WATCHERS = 2
"""How many ranks watch the signs of life of all. The second one is for the first."""

ABSENCE = 60.0
"""Seconds without a sign of life after which a rank, or its machine, counts as gone. One that is only stopped as well:
over a network, they look the same."""

GRACE = 5.0
"""Seconds in which a rank with an unexpected error looks for its cause in others: a failure, or no sign of life."""

FAREWELL = 2 * PERIOD
"""Seconds that rank 0 waits before it ends, since the store may be in its process: the others read there why."""

AFTER = 2.0
"""Seconds that the other ranks wait for longer, so that rank 0 can complete the record: torchrun ends all when one has
ended."""


class Told(BaseModel):
    """The failure of a rank, as it tells the others; without a message, it was asked to end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int
    node: int
    code: int
    message: str | None = None
    help: str = ""


class Vigil:
    """The watch of one rank. `timeout` is the time that ranks may wait for one that hangs, once training has begun."""

    def __init__(self, place: Worker, store: dist.Store, timeout: float) -> None:
        self._place = place
        self._store = store
        self._timeout = timeout
        self._over = Event()
        self._leaving = Lock()
        self._beats = self._done = 0
        self._watch: Watch | None = None
        self._seen: dict[int, tuple[int, float]] = {}

    def start(self) -> None:
        """Beat and watch until `stop`."""
        self._beat()
        Thread(target=self._keep, name="vigil", daemon=True).start()

    def stop(self) -> None:
        """End the watch: from here on, other ranks may be gone."""
        self._over.set()

    def done(self) -> None:
        """Count a batch as done."""
        self._done += 1

    def training(self) -> None:
        """Watch for ranks that hang, too: from here on, all depend on each other."""
        if self._place.rank < WATCHERS:
            self._watch = Watch(self._place.ranks, self._timeout)

    def told(self, failure: Failure) -> None:
        """Tell a failure that this rank has printed, before it ends by itself."""
        self._tell(self._own(failure))

    def interrupted(self, code: int) -> None:
        """End all ranks, since this one was asked to end."""
        self._leave(self._tell(Told(rank=self._place.rank, node=self._place.node, code=code)))

    def failed(self, failure: Failure) -> None:
        """End all ranks, since this one has failed, unless another one was first."""
        self._leave(self._tell(self._own(failure)))

    def cause(self) -> Failure | None:
        """Why an unexpected error may have come: ends this rank if another one tells, else the Failure of one that is
        gone."""
        latest = time.monotonic() + GRACE
        try:
            before = self._pulses()
            while time.monotonic() < latest:
                if told := self._told():
                    self._leave(told)
                time.sleep(PERIOD)
            still = [rank for rank, (old, new) in enumerate(zip(before, self._pulses(), strict=True)) if old == new]
        except dist.DistError:
            return self._lost()
        return _gone(still) if still else None

    def _keep(self) -> None:
        while not self._over.wait(PERIOD):
            try:
                self._beat()
                told = self._told()
                if told is not None and told.rank != self._place.rank:
                    self._leave(told)
                if self._place.rank < WATCHERS and (failure := self._look()):
                    self.failed(failure)
            except dist.DistError:
                if not self._over.is_set():
                    self.failed(self._lost())

    def _beat(self) -> None:
        self._beats += 1
        self._store.set(f"pulse/{self._place.rank}", f"{self._beats} {self._done}")

    def _look(self) -> Failure | None:
        """The Failure of ranks that are gone or hang."""
        now, pulses = time.monotonic(), self._pulses()
        for rank, (beats, _) in enumerate(pulses):
            if rank not in self._seen or self._seen[rank][0] != beats:
                self._seen[rank] = beats, now
        if gone := [rank for rank, (_, at) in self._seen.items() if now - at > ABSENCE]:
            return _gone(gone)
        hung = self._watch.hung(pulses) if self._watch else []
        return hang(hung, self._timeout) if hung else None

    def _pulses(self) -> list[Beat]:
        keys = [f"pulse/{rank}" for rank in range(self._place.ranks)]
        there = iter(self._store.multi_get([key for key in keys if self._store.check([key])]))
        return [parsed(next(there).decode()) if self._store.check([key]) else (0, 0) for key in keys]

    def _told(self) -> Told | None:
        return Told.model_validate_json(self._store.get("failure")) if self._store.check(["failure"]) else None

    def _tell(self, own: Told) -> Told:
        """Tell a failure to all ranks; the one that was told first."""
        try:
            return Told.model_validate_json(self._store.compare_set("failure", "", own.model_dump_json()))
        except dist.DistError:  # the others find out by themselves
            return own

    def _own(self, failure: Failure) -> Told:
        place = self._place
        return Told(rank=place.rank, node=place.node, code=failure.code, message=failure.message, help=failure.help)

    def _lost(self) -> Failure:
        message = f"rank {self._place.rank} has lost the connection to the other ranks"
        return Failure(message, "the machine where they meet may be gone, or torchrun was killed there")

    def _leave(self, told: Told) -> None:
        """End this process with the exit code of all; the first thread that asks for it does so."""
        self._leaving.acquire()
        self._over.set()
        if told.rank == self._place.rank or (self._place.rank == 0 and told.node != self._place.node):
            owner = "" if told.rank == self._place.rank else f"rank {told.rank}: "
            if told.message is not None:
                print(Failure(f"{owner}{told.message}", told.help), file=sys.stderr, flush=True)
        if told.message is None and self._place.rank == 0:
            print("interrupted", file=sys.stderr, flush=True)
        restore_terminal()
        time.sleep(FAREWELL if self._place.rank == 0 else FAREWELL + AFTER)
        # Not sys.exit: threads of the process group may wait for ranks that are gone.
        os._exit(told.code)


def _gone(ranks: list[int]) -> Failure:
    who = f"rank {ranks[0]} has" if len(ranks) == 1 else f"ranks {listed(list(map(str, ranks)))} have"
    help = "see the messages of that machine; if it ran out of memory, use a smaller `--batch`"
    return Failure(f"{who} ended without a message", help)
