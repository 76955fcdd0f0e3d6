"""Max pooling; windows overlap where the stride is smaller than the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Margins, Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, UsualValues
from archc.ops.op import OtherNames
from archc.ops.properties import INT64, Kept
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.window import Window
from archc.ops.windowed import SIZE_RULE, Windowed
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_POOLS = ("pool", "pool_type", "mode")
_KERNELS = ("kernel", "kernel_size", "kernel_shape", "pool_size", "size", "kernel_h")
_OTHER_POOLS = ("1", "2", "av", "mean", "sum", "lp", "stochastic")


def _whole_pools(values: Mapping[str, Any]) -> Converted | None:
    """Without a value for Keras's `strides`, windows lie side by side."""
    if values["strides"] is not None or "pool_size" not in values:
        return None
    return Converted({"strides": ("stride", values["pool_size"])}, ("Keras's stride is then the size of the pool",))


def _pool(word: str, values: Mapping[str, Any]) -> Converted | None:
    """A size with no kernel beside it is the kernel; a word or a number of Caffe's is the kind of pool."""
    match values[word], len(values):
        case (int(size), 1) if type(size) is int and size > 1:
            return Converted({word: ("kernel", size)})
        case ([int(height), int(width)], 1):
            return Converted({word: ("kernel", [height, width])})
        case (1 | 2 as kind, _) | (str(kind), _) if str(kind).lower().startswith(_OTHER_POOLS):
            help = f"archc has no pool with `{word}: {kind}` yet, only that of the maximum"
            return Converted({word: None}, certain=False, help=help)
        case _:
            return None


def _padding_of_darknet(values: Mapping[str, Any]) -> object:
    """darknet, whose kernel is a `size`, pads by one less than that, with the larger half at the bottom and right."""
    kernel = values.get("size")
    if type(kernel) is not int:
        return None
    before, after = (kernel - 1) // 2, kernel // 2
    return before if before == after else {"top": before, "bottom": after, "left": before, "right": after}


def _stride_of_onnx(values: Mapping[str, Any]) -> object:
    """ONNX's `MaxPool`, whose kernel is a `kernel_shape`, and darknet's `maxpool` move by one pixel."""
    return 1 if "kernel_shape" in values or "size" in values else None


class MaxPool2d(Windowed, frozen=True):
    """The largest value of each window, with padding of minus infinity: (C, H, W) -> (C, H', W')."""

    leading = ("kernel", "stride")
    shape_rule = f"(C, H, W) -> (C, H', W'), {SIZE_RULE}"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2}\n"
    corrected = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
    spoken = "max pooling"
    other_names = ("MaxPooling2D", "MaxPool", "max_pooling", "SpatialMaxPooling")
    other_field_names: ClassVar[OtherNames] = {"kernel": ("pool_size", "pool_shape")}
    usual: ClassVar[UsualValues] = {
        "MaxPool2d": {"stride": "kernel"},
        "MaxPooling2D": {"kernel": 2, "stride": "kernel"},
        "MaxPool": {"stride": _stride_of_onnx},
        "maxpool": {"stride": _stride_of_onnx, "padding": _padding_of_darknet},
    }
    conversions = (
        Conversion(("strides", "pool_size"), _whole_pools),
        *(Conversion((word, *_KERNELS), partial(_pool, word)) for word in _POOLS),
    )
    needless: ClassVar[NeedlessFields] = {
        "return_indices": Needless("it returns values only", (False,)),
        "dilation": Needless("its windows are not dilated", (1,)),
        "storage_order": Needless("it returns values only", (0,)),
        "count_include_pad": Needless("it takes a maximum, not a mean", (True, False, 0, 1)),
        **dict.fromkeys(_POOLS, Needless("it takes the maximum of a window", ("MAX", "max", 0))),
        "global_pooling": Needless("`kernel` is the size of its window", (False,)),
    }
    on_sequences = "max_pool1d"
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "F - 1, over a window of F positions"
    kept_words = "its input, and 8 bytes for the position of each maximum"
    op: Literal["max_pool2d"]
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

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return self.views(inputs[0], beyond=-np.inf).max((3, 5))

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input (PyTorch needs only its shape) and the position of each maximum, as an int64."""
        return Kept(inputs=True, own=output.size * INT64)

    def plain_padding(self, window: Window) -> Size | None:
        """As for all windows, but at most half the kernel; an overhang is what `ceil_mode` gives."""
        padding = window.margins.symmetric
        if padding is None or padding.height > self.kernel.height // 2 or padding.width > self.kernel.width // 2:
            return None
        return padding

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value, one comparison less than the window has positions."""
        return output.size * (self.kernel.area - 1)

    def _check_padding(self, margins: Margins) -> None:
        high, wide = max(margins.top, margins.bottom), max(margins.left, margins.right)
        if high >= self.kernel.height or wide >= self.kernel.width:
            raise ShapeError(
                "padding",
                "ARC201",
                f"{{name}}'s padding of {high} × {wide} has room for a whole window of {self.kernel}",
                notes=("such a window reads nothing but padding, and nothing has no maximum",),
                help="use a padding smaller than the kernel",
            )
