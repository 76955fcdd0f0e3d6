"""Times several functions in turn, A B C A B C …, so that ratios stay valid while the machine's speed drifts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median


def compare(ours: Callable[[], object], theirs: Callable[[], object], *, rounds: int, what: str) -> None:
    """Print the time of `theirs` over the time of `ours`, after one warm-up round."""
    print(f"{what}:")
    ratio(in_turn({"emitted": ours, "by hand": theirs}, rounds), "by hand", "emitted")


def in_turn(
    works: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """The seconds of each function in every round, after one warm-up round."""
    found = [{name: _seconds(work, clock) for name, work in works.items()} for _ in range(rounds + 1)][1:]
    return {name: [seconds[name] for seconds in found] for name in works}


def ratio(seconds: Mapping[str, Sequence[float]], above: str, below: str) -> None:
    """Print the median, over the rounds, of the ratio of two functions' seconds, with its range."""
    ratios = sorted(a / b for a, b in zip(seconds[above], seconds[below], strict=True))
    times = f"{median(seconds[above]):.3f} s / {median(seconds[below]):.3f} s"
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds"
    print(f"  {above} / {below}: {median(ratios):.2f} ({spread}; {times})")


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began
