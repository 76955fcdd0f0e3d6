"""What the global pools share: one window that is as large as the map or the sequence."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, cast

from archc.ops.foreign import Excluded, Needless, NeedlessFields, spelled
from archc.ops.op import Op
from archc.ops.properties import Footprint
from archc.ops.shape_error import require_places
from archc.tensor import Tensor


def adaptive(*names: str) -> Excluded:
    """Layers under PyTorch's names that give more than one value of each map."""
    return dict.fromkeys(names, _larger)


def _larger(values: Mapping[str, Any]) -> str | None:
    size = values.get("output_size", 1)
    return None if size in (1, [1], [1, 1]) else f"output_size: {spelled(size)}"


class GlobalPool(Op, frozen=True):
    """An op that makes one value of each whole map: (C, H, W) -> (C, 1, 1).

    The axes stay, so that convolutions can read the output as well as a `flatten`.
    """

    windowed: ClassVar[tuple[str, str]]
    """The ops that compute the same of windows, of sequences and of maps."""
    shape_rule = "(C, H, W) -> (C, 1, 1), or (C, L) -> (C, 1)"
    needless: ClassVar[NeedlessFields] = {
        "output_size": Needless("each map becomes one value", (1, [1], [1, 1])),
        "keepdims": Needless(
            "the axes stay, each with one position", (True,), instead="add a layer `{op: flatten}` after it"
        ),
        "global_pooling": Needless("its window is the whole map", (True,)),
    }
    output_sign = "kept"
    keeps_zeros = True

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_places(self, x)
        return Tensor((x.channels, *[1] * (len(x.shape) - 1)))

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        (x,) = inputs
        *_, height, width = (1, 1, *x.shape[1:])
        return Footprint(height, after=height - 1), Footprint(width, after=width - 1)

    @classmethod
    def instead(cls, fields: Mapping[str, Any], x: Tensor | None) -> str | None:
        """The same pool with windows of one size, if PyTorch's windows for an output of more positions have one."""
        size = fields.get("output_size")
        if x is None or not (x.is_maps or x.is_sequence):
            return None
        places = x.shape[1:]
        sizes = cast(list[object], size if isinstance(size, list) else [size] * len(places))
        if len(sizes) != len(places) or not all(type(n) is int and n > 0 for n in sizes):
            return None
        windows = [_windows(n, many) for n, many in zip(places, cast(list[int], sizes), strict=True)]
        if None in windows:
            return None
        if tuple(sizes) == places:
            return f"delete the layer: its input is {' × '.join(map(str, places))} already"
        kernel, stride = ([*axes] if len({*axes}) > 1 else axes[0] for axes in zip(*filter(None, windows), strict=True))
        op = cls.windowed[len(places) - 1]
        return f"write `{{op: {op}, kernel: {spelled(kernel)}, stride: {spelled(stride)}}}`"


def _windows(n: int, windows: int) -> tuple[int, int] | None:
    """The kernel and the stride of PyTorch's windows over n positions, if these are the same for all of them."""
    starts = [i * n // windows for i in range(windows)]
    kernels = {-(-(i + 1) * n // windows) - start for i, start in enumerate(starts)}
    strides = {after - before for before, after in pairwise(starts)} or {1}
    match [*kernels], [*strides]:
        case [kernel], [stride] if stride > 0:
            return kernel, stride
        case _:
            return None
