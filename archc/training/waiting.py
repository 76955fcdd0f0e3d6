"""How long a loop waits for what it iterates over."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def timed(items: Iterable[Item]) -> Iterator[tuple[Item, float]]:
    """Each item with the seconds that it took to come."""
    source, before = iter(items), time.monotonic()
    for item in source:
        yield item, time.monotonic() - before
        before = time.monotonic()
