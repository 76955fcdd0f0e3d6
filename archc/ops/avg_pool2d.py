"""Average pooling, with padding in the mean or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import NO_PADDING, Margins
from archc.ops.foreign import Needless, NeedlessFields, UsualValues, switched
from archc.ops.op import OtherNames
from archc.ops.pool2d import KINDS, Pool2d, kinds, stride_of_onnx
from archc.ops.properties import Kept
from archc.ops.shape_error import ShapeError
from archc.ops.window import Window
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_PADDINGS = ("padding", "pad", "pads", "auto_pad", "pad_h", "border_mode")
MEANS = ("1", "av", "mean")
"""The words of other frameworks for this kind of a pool."""
_NONE = (0, [0, 0], [0, 0, 0, 0], "valid", "VALID", "NOTSET")


def _counts(is_counted: bool, values: Mapping[str, Any]) -> object:
    """Whether a framework counts padding, for a layer that has any."""
    return is_counted if any(values[word] not in _NONE for word in _PADDINGS if word in values) else None


def counted(values: Mapping[str, Any]) -> object:
    return _counts(True, values)


def not_counted(values: Mapping[str, Any]) -> object:
    return _counts(False, values)


class AvgPool2d(Pool2d, frozen=True):
    """The mean of each window: (C, H, W) -> (C, H', W').

    With `count_padding: true`, the mean is of the window's positions in the map and in its padding, whose values are
    zero; with `count_padding: false` only of those in the map. Positions beyond the padding, where the last window of
    `rounding: ceil` extends past the edge, never count, as in PyTorch.
    """

    failing = HEAD + "  pool1: {op: avg_pool2d, kernel: 3, stride: 1, padding: 1}\n"
    corrected = HEAD + "  pool1: {op: avg_pool2d, kernel: 3, stride: 1, padding: 1, count_padding: false}\n"
    spoken = "average pooling"
    other_names = (
        *("AveragePooling2D", "AveragePool", "average_pooling", "mean_pool", "mean_pooling", "avg_pool"),
        "SpatialAveragePooling",
    )
    # darknet's `avgpool` is global.
    loose_names = ("avg_pool",)
    other_field_names: ClassVar[OtherNames] = {"count_padding": ("count_include_pad", "count_include_padding")}
    usual: ClassVar[UsualValues] = {
        "AvgPool2d": {"stride": "kernel", "count_padding": counted},
        "AveragePooling2D": {"kernel": 2, "stride": "kernel", "count_padding": not_counted},
        "AveragePool": {"stride": stride_of_onnx, "count_padding": not_counted},
    }
    conversions = (
        *kinds(
            MEANS,
            {
                ("0", "max"): "write `op: max_pool2d` for the largest value of each window",
                ("2", "sum", "lp", "stochastic"): "",
            },
        ),
        switched("count_include_pad", "count_padding", {True: True, False: False}),
    )
    needless: ClassVar[NeedlessFields] = {
        "divisor_override": Needless("it divides by the number of positions that count", (None,)),
        **dict.fromkeys(KINDS, Needless("it takes the mean of a window", ("AVE", "avg", "average", "mean", 1))),
    }
    on_sequences = "avg_pool1d"
    of_window = "mean"
    is_linear = True
    element_ops_words = "F, over a window of F positions"
    kept_words = "its input"
    op: Literal["avg_pool2d"]
    count_padding: bool | None = Field(
        default=None,
        description="Whether the mean counts padding, as zeros; required with padding. Caffe and PyTorch count it by "
        "default, Keras, ONNX and TensorFlow do not.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        output = super().infer(inputs)
        if self.count_padding is None and self.window(inputs).margins != NO_PADDING:
            raise ShapeError(
                "padding",
                "ARC103",
                "{name} needs `count_padding`, since its windows reach into padding",
                help="add `count_padding: true` if the mean counts padding, as in PyTorch and Caffe, or "
                "`count_padding: false`, as in Keras and TensorFlow",
            )
        return output

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        rows, columns = (self._counts(axis, x.shape[2 + axis]) for axis in (0, 1))
        return self.views(x, beyond=0).sum((3, 5)) / (rows[:, None] * columns)

    def _counts(self, axis: int, n: int) -> Array:
        """How many positions of each window count, along one axis of n positions."""
        import numpy as np

        taps = np.array(self.places(axis, n))
        if not self.count_padding:
            return ((taps >= 0) & (taps < n)).sum(1)
        # With `same`, the last window ends where the padding does.
        end = taps.max() + 1 if self.padding == "same" else n + self.padding[2 * axis + 1]
        return (taps < end).sum(1)

    def uncounted(self, window: Window) -> Margins:
        """The rows and columns around the map that windows cover and that do not count."""
        if not self.count_padding:
            return window.around
        return Margins(*(around - counted for around, counted in zip(window.around, window.margins, strict=True)))

    def is_weighted(self, window: Window) -> bool:
        """Whether windows count different numbers of positions in a way that PyTorch's pool has no argument for."""
        return self.plain_padding(window) is None and any(self.uncounted(window))

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, of which PyTorch needs only the shape; where counts differ, those along each axis."""
        counts = sum(output.shape[1:])
        return Kept(inputs=True, common=counts if self.is_weighted(self.window(inputs)) else 0)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value, one addition less than the window has positions, and the division."""
        return output.size * self.kernel.area
