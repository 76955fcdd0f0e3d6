"""Pooling by the maximum; overlapping where the stride is smaller than the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Margins, Size, SizeField
from archc.ops.op import INT64, Kept, ShapeError, require_maps
from archc.ops.windowed import SIZE_RULE, Windowed
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class MaxPool2d(Windowed, frozen=True):
    """The largest value in each window: (C, H, W) -> (C, H', W'). Padding counts as minus infinity."""

    leading: ClassVar[tuple[str, ...]] = ("kernel", "stride")
    shape_rule: ClassVar[str] = f"(C, H, W) -> (C, H', W'), {SIZE_RULE}"
    failing: ClassVar[str] = HEAD + "  pool1: {op: max_pool2d, kernel: 2}\n"
    corrected: ClassVar[str] = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
    op: Literal["max_pool2d"]
    # No default: a forgotten stride is a silent bug.
    stride: SizeField = Field(description="Pixels from one window to the next: one number or [height, width].")

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
        """Its input, from which PyTorch takes the shape alone, and the place of each maximum as an int64.

        Padding that PyTorch's pool does not take, more than half a window or unequal, is a padded copy of the input.
        """
        window = self.window(inputs)
        margins = window.margins.symmetric
        places = output.size * INT64
        if (
            margins is not None
            and margins.height <= self.kernel.height // 2
            and margins.width <= self.kernel.width // 2
        ):
            return Kept(inputs=True, own=places)
        return Kept(copied=inputs[0].channels * window.padded.area, own=places)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Comparisons, one fewer than the window has places, a value."""
        return output.size * (self.kernel.area - 1)

    def _check_padding(self, margins: Margins) -> None:
        high, wide = max(margins.top, margins.bottom), max(margins.left, margins.right)
        if high >= self.kernel.height or wide >= self.kernel.width:
            raise ShapeError(
                "padding",
                "ARC201",
                f"{{name}}'s padding of {high} × {wide} holds a whole window of {self.kernel}, the maximum of nothing",
                help="a padding smaller than the kernel",
            )
