"""Maps in groups of equal size: the error of maps that do not split, and the number of groups to suggest."""

from __future__ import annotations

from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

# The largest group count to suggest; no network has more.
_MOST_SUGGESTED = 2**12


def largest_divisor(number: int, *, at_most: int) -> int:
    """The largest divisor of `number` up to `at_most`."""
    return next(d for d in range(min(number, at_most, _MOST_SUGGESTED), 0, -1) if number % d == 0)


def undivided(x: Tensor, groups: int) -> ShapeError:
    """The error of a layer whose input does not split into so many groups."""
    return ShapeError(
        "groups",
        "ARC210",
        f"the {x.channels} input {x.unit} of {{name}} do not split into {groups} groups",
        notes=(f"{x.channels} / {groups} is not whole",),
        help=f"groups: {largest_divisor(x.channels, at_most=groups)} divides them",
    )
