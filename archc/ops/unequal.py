"""What two or more inputs that must agree differ in: which input has how many maps, rows or columns."""

from __future__ import annotations

from collections.abc import Iterable

from archc.ops.op import ShapeError
from archc.tensor import Tensor

_AXES = ("maps", "rows", "columns")
_MOST_NAMED = 4
_REMEDIES = {
    "kinds": "flatten the maps first",
    "units": "a dense layer in between brings a vector to as many units",
    "maps": "a `conv2d` of `kernel: 1` in between brings one to as many maps",
    "rows": "padding that keeps the size, or a pool or stride on the larger one",
}


def unequal(message: str, inputs: tuple[Tensor, ...], *, channels: bool) -> ShapeError:
    """The error for inputs of unequal shape; without `channels` only rows and columns must agree."""
    if len({x.is_maps for x in inputs}) > 1:
        kinds = ("a vector", "maps")
        return _error(message, [f"{_held(kinds[x.is_maps] for x in inputs)}"], "kinds")
    axes = _AXES if inputs[0].is_maps else ("units",)
    differing = {
        axis: _held(f"{x.shape[at]} {axis}" for x in inputs)
        for at, axis in enumerate(axes)
        if (channels or at) and len({x.shape[at] for x in inputs}) > 1
    }
    first = next(iter(differing))
    return _error(message, differing.values(), "rows" if first == "columns" else first)


def _error(message: str, notes: Iterable[str], remedy: str) -> ShapeError:
    return ShapeError("from", "ARC204", message, notes=tuple(notes), help=_REMEDIES[remedy])


def _held(values: Iterable[str]) -> str:
    """Who has what: `{0}` stands for the name of the first input."""
    holders: dict[str, list[str]] = {}
    for at, value in enumerate(values):
        holders.setdefault(value, []).append(f"{{{at}}}")
    return ", ".join(f"{_several(names)}: {value}" for value, names in holders.items())


def _several(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return " and ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
