"""What the pools over maps share: a window with a stride, and the words of other frameworks for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from archc.ops.fields import Margins, Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields
from archc.ops.op import OtherNames
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.window import Window
from archc.ops.windowed import SIZE_RULE, Windowed
from archc.tensor import Tensor

_KERNELS = ("kernel", "kernel_size", "kernel_shape", "pool_size", "size", "kernel_h")
KINDS = ("pool", "pool_type", "mode")
"""Fields of other frameworks for the kind of a pool; `pool` and `mode` can also be its size."""


def kinds(own: tuple[str, ...], others: Mapping[tuple[str, ...], str]) -> tuple[Conversion, ...]:
    """The conversions of a field for the kind of a pool, which is a number of Caffe's or begins as one of the words.

    `own` are the words for this op's kind, `others` those for other kinds, with what to write instead, or nothing.
    """
    return tuple(Conversion((word, *_KERNELS), partial(_kind, word, own, others)) for word in KINDS)


def _kind(
    word: str, own: tuple[str, ...], others: Mapping[tuple[str, ...], str], values: Mapping[str, Any]
) -> Converted | None:
    """A size with no kernel beside it is the kernel."""
    value = values[word]
    match value, len(values):
        case (int(size), 1) if type(size) is int and size > 1:
            return Converted({word: ("kernel", size)})
        case ([int(height), int(width)], 1):
            return Converted({word: ("kernel", [height, width])})
        case (int() | str(), _) if not _is_one(value, own):
            instead = next((what for words, what in others.items() if _is_one(value, words)), None)
            if instead is None:
                return None
            help = f"{instead}, and delete `{word}`" if instead else f"archc has no pool with `{word}: {value}`"
            return Converted({word: None}, certain=False, help=help)
        case _:
            return None


def _is_one(value: int | str, words: tuple[str, ...]) -> bool:
    return any(str(value) == word if word.isdigit() else str(value).lower().startswith(word) for word in words)


def _whole_pools(values: Mapping[str, Any]) -> Converted | None:
    """Without a value for Keras's `strides`, windows lie side by side."""
    if values["strides"] is not None or "pool_size" not in values:
        return None
    return Converted({"strides": ("stride", values["pool_size"])}, ("Keras's stride is then the size of the pool",))


def stride_of_onnx(values: Mapping[str, Any]) -> object:
    """ONNX's pools, whose kernel is a `kernel_shape`, and darknet's `maxpool` move by one pixel."""
    return 1 if "kernel_shape" in values or "size" in values else None


class Pool2d(Windowed, frozen=True):
    """An op that makes one value of each window of a map: (C, H, W) -> (C, H', W')."""

    of_window: ClassVar[str]
    """What it computes of each window, in one word."""
    leading = ("kernel", "stride")
    shape_rule = f"(C, H, W) -> (C, H', W'), {SIZE_RULE}"
    other_field_names: ClassVar[OtherNames] = {"kernel": ("pool_size", "pool_shape")}
    conversions = (Conversion(("strides", "pool_size"), _whole_pools),)
    needless: ClassVar[NeedlessFields] = {
        "dilation": Needless("its windows are not dilated", (1,)),
        "global_pooling": Needless("`kernel` is the size of its window", (False,)),
    }
    output_sign = "kept"
    keeps_zeros = True
    # No default: a forgotten stride is a silent bug.
    stride: SizeField = Field(
        description="Distance in pixels from one window to the next: one number or [height, width]."
    )

    def _stride(self) -> Size:
        return self.stride

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        if isinstance(self.padding, Margins):
            self._check_padding(self.padding)
        return self.windowed_shape(x, channels=x.channels)

    def plain_padding(self, window: Window) -> Size | None:
        """As for all windows, but at most half the kernel; an overhang is what `ceil_mode` gives."""
        padding = window.margins.symmetric
        if padding is None or padding.height > self.kernel.height // 2 or padding.width > self.kernel.width // 2:
            return None
        return padding

    def _check_padding(self, margins: Margins) -> None:
        high, wide = max(margins.top, margins.bottom), max(margins.left, margins.right)
        if high >= self.kernel.height or wide >= self.kernel.width:
            raise ShapeError(
                "padding",
                "ARC201",
                f"{{name}}'s padding of {high} × {wide} has room for a whole window of {self.kernel}",
                notes=(f"such a window reads nothing but padding, and nothing has no {self.of_window}",),
                help="use a padding smaller than the kernel",
            )
