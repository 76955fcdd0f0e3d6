"""What tests see of other processes: whether they run, those that they have started, and where they listen."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

PATIENCE = 300.0
"""Seconds that a test waits for another process, at most."""


def until(holds: Callable[[], bool]) -> bool:
    """Whether a condition becomes true in time."""
    latest = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < latest:
        time.sleep(0.05)
    return held


def runs(process: int) -> bool:
    """Whether a process runs. One that has ended, and that nobody has waited for yet, does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_end(processes: Iterable[int]) -> bool:
    """Whether all of these processes end in time."""
    return until(lambda: not any(map(runs, processes)))


def state(process: int) -> str:
    """A state by psutil's name: `sleeping`, `stopped`."""
    return psutil.Process(process).status()


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    with suppress(psutil.NoSuchProcess):
        return [child.pid for child in psutil.Process(process).children(recursive=True)]
    return []


def open_to_others(processes: Iterable[int]) -> list[str]:
    """The addresses beyond the loopback at which these processes take connections or datagrams."""
    return [address for number in processes for address in _open_of(number)]


def _open_of(process: int) -> list[str]:
    try:
        connections = psutil.Process(process).net_connections("inet")
    except psutil.NoSuchProcess:  # it has just ended
        return []
    taking = [each for each in connections if each.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)]  # UDP has no state
    return [f"{each.laddr.ip}:{each.laddr.port}" for each in taking if each.laddr and not _is_own(each.laddr.ip)]


def _is_own(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback
