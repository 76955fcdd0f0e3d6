"""Maps in groups of equal size: the number of groups to suggest for maps that do not split."""

from __future__ import annotations

# The largest group count to suggest; no network has more.
_MOST_SUGGESTED = 2**12


def largest_divisor(number: int, *, at_most: int) -> int:
    """The largest divisor of `number` up to `at_most`."""
    return next(d for d in range(min(number, at_most, _MOST_SUGGESTED), 0, -1) if number % d == 0)
