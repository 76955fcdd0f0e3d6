"""Two things timed in turn in one process, A B A B …, so that their ratio holds when the machine's speed drifts."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def compare(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, what: str) -> None:
    """Print the median seconds of both and the median of their ratios, after one round that does not count."""
    pairs = [(_seconds(ours), _seconds(theirs)) for _ in range(rounds + 1)][1:]
    ratios = sorted(b / a for a, b in pairs)
    print(f"{what}: emitted {median(a for a, _ in pairs):.3f} s, by hand {median(b for _, b in pairs):.3f} s")
    print(f"  {median(ratios):.2f} times as fast (of {rounds} rounds: {ratios[0]:.2f} to {ratios[-1]:.2f})")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
