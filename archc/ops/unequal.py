"""How inputs that must agree differ: which of them has how many maps, rows or columns."""

from __future__ import annotations

from collections.abc import Iterable

from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor
from archc.wording import listed

_AXES = {"vector": ("units",), "sequence": ("channels", "positions"), "maps": ("maps", "rows", "columns")}
_KINDS = {"vector": "a vector", "sequence": "a sequence", "maps": "maps"}
_MOST_NAMED = 4
_REMEDIES = {
    "kinds": "read layers of one kind",
    "units": "a `dense` layer in between gives a vector the same number of units",
    "channels": "a `dense` layer in between gives one the same number of channels",
    "maps": "a `conv2d` with `kernel: 1` in between gives one the same number of maps",
    "positions": "use padding that keeps the length, or a pool or a stride on the longer one",
    "rows": "use padding that keeps the size, or a pool or a stride on the larger one",
}


def unequal(message: str, inputs: tuple[Tensor, ...], *, channels: bool) -> ShapeError:
    """The error for inputs of different shapes; without `channels`, only sizes must agree."""
    kinds = [x.kind for x in inputs]
    if len({*kinds}) > 1:
        notes = [_held(_KINDS[kind] for kind in kinds)]
        others = [at for at, kind in enumerate(kinds) if kind != "vector"]
        if len(others) == 1:
            flat = f"`{{op: flatten, from: {{{others[0]}}}}}`"
            return _error(message, notes, "kinds", f"read {flat} instead of {{{others[0]}}}")
        wide = " and the ".join(kind for kind in ("maps", "sequence") if kind in kinds)
        help = f"flatten the {wide} first" if "vector" in kinds else None
        return _error(message, notes, "kinds", help)
    axes = _AXES[kinds[0]]
    differing = {
        axis: _held(f"{x.shape[at]} {axis}" for x in inputs)
        for at, axis in enumerate(axes)
        if (channels or at) and len({x.shape[at] for x in inputs}) > 1
    }
    first = next(iter(differing))
    projected = _projection(inputs) if len(differing) > 1 and channels else None
    return _error(message, differing.values(), "rows" if first == "columns" else first, projected)


def _projection(inputs: tuple[Tensor, ...]) -> str | None:
    """The layer of one pixel that gives the larger maps the shape of the smaller ones, as in a residual network."""
    shapes = list(dict.fromkeys(inputs))
    if len(shapes) != 2 or not inputs[0].is_maps:
        return None
    large, small = sorted(shapes, key=lambda x: x.height * x.width, reverse=True)
    strides = [_stride(large.shape[at], small.shape[at]) for at in (1, 2)]
    if None in strides:
        return None
    stride = str(strides[0]) if strides[0] == strides[1] else str(strides)
    layer = f"{{op: conv2d, filters: {small.channels}, kernel: 1, stride: {stride}, from: {{{inputs.index(large)}}}}}"
    return f"read `{layer}` instead of {{{inputs.index(large)}}}: it has the shape of {{{inputs.index(small)}}}"


def _stride(before: int, after: int) -> int | None:
    """The smallest stride with which a kernel of one pixel gives `after` of `before` positions."""
    stride = -(-before // after)
    return stride if (before - 1) // stride + 1 == after else None


def _error(message: str, notes: Iterable[str], remedy: str, help: str | None = None) -> ShapeError:
    return ShapeError("from", "ARC204", message, notes=tuple(notes), help=help or _REMEDIES[remedy])


def _held(values: Iterable[str]) -> str:
    """Which inputs have which value; `{0}` is replaced by the name of the first input."""
    holders: dict[str, list[str]] = {}
    for at, value in enumerate(values):
        holders.setdefault(value, []).append(f"{{{at}}}")
    return "; ".join(f"{listed(names, most=_MOST_NAMED)}: {value}" for value, names in holders.items())
