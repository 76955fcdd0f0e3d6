"""Trains as one of the ranks that torchrun has started, on one or several machines.

Each machine has its own copies of the spec and of the data: the ranks compare them before they train. Only rank 0 has
the run's folder; on another machine, the folder of its first rank takes what the ranks there share.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version

import torch

from archc.dataset import Dataset, find_data
from archc.failure import Failure
from archc.files import write_whole
from archc.installing import DISTRIBUTION
from archc.signals import code_of, ignore_stops
from archc.streams import OutputFailure
from archc.training.alike import Card, check_alike, check_same_data
from archc.training.job import Job
from archc.training.process import as_failure
from archc.training.result import Data, begin_result, read_result
from archc.training.worker import Worker
from archc_torch.devices import check_room, devices_of_all, find_devices
from archc_torch.launch import loopback
from archc_torch.meeting import Meeting, connected
from archc_torch.rank import Group, run_rank
from archc_torch.vigil import GRACE, Vigil

TELLING = 20
"""Seconds in which a rank that failed before it could join must reach the others."""


def work(job: Job, place: Worker) -> None:
    """Train one rank's part of a job. A failure of any rank ends this process."""
    if place.is_alone:  # nothing needs to listen beyond this machine
        interface = loopback()
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
        os.environ.setdefault("NCCL_SOCKET_IFNAME", interface)
    store = connected(place, hosts=True)
    # A connection that waits for an answer serves no other thread.
    vigil = Vigil(place, connected(place), job.timeout)
    vigil.start()
    meeting = Meeting(place, store)
    try:
        cards = _joined(job, place, meeting)
        own = _on_this_machine(job, cards[place.rank].node, cards)
        devices = devices_of_all(cards[0].kind, [card.device for card in cards], len({card.node for card in cards}))
        if place.is_recording:
            print(devices.line, flush=True)
        if place.is_first:
            begin_result(own.run, devices.names, goes_on=own.resume is not None)
        data = _opened(own, place, meeting)
        vigil.training()
        near = cards[place.rank].node == cards[0].node
        run_rank(own, devices, data, Group(place.rank, store, vigil.done, gpu=place.local_rank, has_folder=near))
        meeting.say("end")
    except (Exception, KeyboardInterrupt) as error:  # a framework may raise anything, as in `run_main`
        _end(error, vigil, job)
    vigil.stop()
    meeting.leave()


def tell(failure: Failure, place: Worker) -> None:
    """Tell the other ranks of a failure before this one could join them."""
    Vigil(place, connected(place, seconds=TELLING), timeout=0).told(failure)


def _joined(job: Job, place: Worker, meeting: Meeting) -> list[Card]:
    """The cards of all ranks, which are about to train the same."""
    devices = find_devices(place.local_ranks, worker=True)
    check_room(job, devices, place.local_ranks)
    versions = {"archc": version(DISTRIBUTION), "torch": torch.__version__}
    name = devices.names[place.local_rank]
    card = Card.of(job, node=place.node, versions=versions, kind=devices.kind, device=name)
    cards = [Card.model_validate_json(text) for text in meeting.join(card.model_dump_json())]
    with _told_by_one(place):
        check_alike(cards)
    return cards


def _on_this_machine(job: Job, node: int, cards: list[Card]) -> Job:
    """The job in the folder that the ranks of this machine share: that of their first one."""
    run = next(card.run for card in cards if card.node == node)
    own = {"run": run, "resume": cards[0].resume}
    return job.model_copy(update=own | ({"pictures": run / "pictures"} if job.built_in else {}))


def _opened(job: Job, place: Worker, meeting: Meeting) -> Dataset:
    """The data, which the first rank of each machine makes ready; the figures of rank 0 are those of all."""
    data = find_data(job)
    if place.is_first:
        data.open()
    opened = read_result(job.run) if place.is_first else None
    own = opened.data if opened else None
    said = meeting.say("data", own.model_dump_json() if own else "")
    # The ranks of a machine that are not the first have said nothing: the first one has, for the same files.
    read = [Data.model_validate_json(text or said[0]) for text in said]
    with _told_by_one(place):
        check_same_data(read)
    if place.is_recording:
        meeting.give("statistics", job.statistics.read_bytes() if job.statistics.exists() else b"")
    elif place.is_first and (statistics := meeting.take("statistics")):
        write_whole(job.statistics, statistics)
    meeting.say("ready")
    if not place.is_recording:
        data.load()
    return data


@contextmanager
def _told_by_one(place: Worker) -> Generator[None]:
    """All ranks find the same failure; rank 0 tells it, and ends the others while they wait."""
    try:
        yield
    except Failure:
        if not place.is_recording:
            time.sleep(GRACE)
        raise


def _end(error: BaseException, vigil: Vigil, job: Job) -> None:
    """End all ranks for the error being handled."""
    ignore_stops()
    if (code := code_of(error)) is not None:
        vigil.interrupted(code)
    assert isinstance(error, Exception)
    known = isinstance(error, Failure | OutputFailure)
    # The error may only say that another rank is gone.
    vigil.failed((None if known else vigil.cause()) or as_failure(error, job.run))
