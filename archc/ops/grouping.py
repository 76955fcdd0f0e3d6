"""Maps in groups of equal size: the error of filters or maps that do not split, and what to suggest."""

from __future__ import annotations

from math import gcd

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


def ungrouped(filters: int, maps: int, groups: int, unit: str = "maps") -> ShapeError:
    """The error of a convolution whose filters or input maps do not split into its groups."""
    help = f"groups: {largest_divisor(gcd(filters, maps), at_most=groups)} divides both"
    # The filters first: they are a field of this layer, while the maps come from another one.
    if filters % groups:
        note = f"{filters} / {groups} is not whole, and its input has {maps} {unit}: {_share(maps, groups)}"
        message = f"{{name}}'s {filters} filters do not split into {groups} groups"
        return ShapeError("groups", "ARC210", message, notes=(note,), help=help, also="filters")
    note = f"{maps} / {groups} is not whole; {{name}} has {filters} filters: {_share(filters, groups)}"
    message = f"the {maps} input {unit} of {{name}} do not split into {groups} groups"
    return ShapeError("groups", "ARC210", message, notes=(note,), help=help)


def _share(count: int, groups: int) -> str:
    return (
        f"{count} / {groups} = {count // groups}" if count % groups == 0 else f"{count} / {groups} is not whole either"
    )
