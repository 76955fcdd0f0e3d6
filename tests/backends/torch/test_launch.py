"""What keeps ranks from starting: each is one line. The system's refusal is made up; such a machine is not at hand."""

from __future__ import annotations

import errno
import logging
import os
import socket
from collections.abc import Callable, Generator
from typing import Any

import pytest
from archc_torch import launch
from archc_torch.devices import choose

from archc.failure import Failure
from archc.training.job import Job


@pytest.fixture(autouse=True)
def as_before() -> Generator[None]:
    """The launcher sets up its whole process, which is that of the tests here."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)
    logging.disable(logging.NOTSET)


def refusing(number: int) -> Callable[..., Any]:
    """A call that the system refuses with an error of this number."""

    def refuse(*arguments: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize(
    ("number", "reason", "help"),
    [
        (errno.ENOSPC, "No space left on device", "make room in /dev/shm"),
        (errno.EAGAIN, "Resource temporarily unavailable", "this user may have too many processes"),
    ],
)
def test_ranks_that_cannot_be_started(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch, number: int, reason: str, help: str
) -> None:
    monkeypatch.setattr(launch, "start_processes", refusing(number))
    with pytest.raises(Failure) as failing:
        launch.launch(make_job("unstarted"), choose(2, ()))
    assert (failing.value.message, failing.value.help) == (f"cannot start 2 ranks: {reason}", help)


def test_a_machine_without_its_loopback(make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", refusing(errno.ENETUNREACH))
    with pytest.raises(Failure) as failing:
        launch.launch(make_job("unconnected"), choose(2, ()))
    assert failing.value.message == "the ranks cannot connect over the loopback interface: Network is unreachable"
    assert "--gpus 1" in failing.value.help
