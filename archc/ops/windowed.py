"""What convolutions and pools share: a window, whether it fits, and the shape of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from archc.ops.fields import NO_PADDING, ONE, Margins, Padding, PaddingField, Rounding, Size, SizeField
from archc.ops.op import Footprint, Op, OtherNames, ShapeError, require_maps
from archc.ops.places import places
from archc.ops.window import Axis, Window, slide
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

SIZE_RULE = (
    "H' = (H - F + 2P) / S + 1 with F the kernel, P the padding and S the stride, rounded as `rounding` says; "
    "W' alike; `padding: same` gives H / S rounded up"
)


class Windowed(Op, frozen=True):
    """An op that slides a window over each input map. Each op declares `stride` itself: only some have a default."""

    other_field_names: ClassVar[OtherNames] = {
        "kernel": ("kernel_size", "kernels"),
        "stride": ("strides",),
        "padding": ("pad",),
        "rounding": ("ceil_mode",),
    }
    loose_names = ("ceil_mode",)  # its value is true or false, not a word

    kernel: SizeField = Field(description="Size of the window in pixels: one number or [height, width].")
    padding: PaddingField = Field(
        default=NO_PADDING,
        description="Rows and columns added around each map: one number, [height, width], {top, bottom, left, right}, "
        "or `same` for an output of ceil(N / S), with the odd row or column at the bottom and right.",
    )
    rounding: Rounding = Field(
        default="floor",
        description="How (N - F + 2P) / S is rounded: `floor`, or `ceil` for a last window that extends past the edge.",
    )

    def _stride(self) -> Size:
        raise NotImplementedError

    def _dilation(self) -> Size:
        return ONE

    def window(self, inputs: tuple[Tensor, ...]) -> Window:
        (x,) = inputs
        return slide(
            x.height,
            x.width,
            kernel=self.kernel,
            stride=self._stride(),
            padding=self.padding,
            dilation=self._dilation(),
            rounding=self.rounding,
        )

    def plain_padding(self, window: Window) -> Size | None:
        """The padding as one height and width, if a framework's own argument can express it.

        None where two sides differ or the last window hangs over: emitted source then pads the input first, and keeps
        the padded copy.
        """
        return None if window.overhangs else window.margins.symmetric

    def padded(self, inputs: tuple[Tensor, ...]) -> int:
        window = self.window(inputs)
        return inputs[0].channels * window.padded.area if self.plain_padding(window) is None else 0

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        window = self.window(inputs)
        return _footprint(window.vertical), _footprint(window.horizontal)

    def summary(self) -> str:
        parts = [str(self.kernel)]
        if self._stride() != ONE:
            parts.append(f"stride {_short(self._stride())}")
        if self.padding != NO_PADDING:
            parts.append(f"padding {_short(self.padding)}")
        if self._dilation() != ONE:
            parts.append(f"dilation {_short(self._dilation())}")
        return ", ".join(parts)

    def windowed_shape(self, x: Tensor, channels: int) -> Tensor:
        """(C, H, W) -> (channels, H', W'); raises ShapeError where the window does not fit."""
        require_maps(self, x)
        window = self.window((x,))
        for axis, dilation, name in (
            (window.vertical, self._dilation().height, "high"),
            (window.horizontal, self._dilation().width, "wide"),
        ):
            if not axis.fits:
                raise _too_large(axis, dilation, name)
        return Tensor((channels, *window.output))

    def views(self, x: Array, *, beyond: float) -> Array:
        """What each window reads, `beyond` outside the map: (N, C, H, W) -> (N, C, H', kH, W', kW)."""
        import numpy as np

        pad = self.padding
        margins = ("same", "same") if pad == "same" else ((pad.top, pad.bottom), (pad.left, pad.right))
        rows, columns = (
            np.array(
                places(
                    x.shape[2 + axis],
                    kernel=self.kernel[axis],
                    stride=self._stride()[axis],
                    dilation=self._dilation()[axis],
                    margin=margins[axis],
                    rounding=self.rounding,
                )
            )
            for axis in (0, 1)
        )
        # One margin on all sides is more than needed, but makes every index non-negative.
        around = max(-rows.min(), -columns.min(), rows.max() - x.shape[2] + 1, columns.max() - x.shape[3] + 1, 0)
        wide = np.pad(x, ((0, 0), (0, 0), (around, around), (around, around)), constant_values=beyond)
        return wide[:, :, (rows + around)[:, :, None, None], (columns + around)[None, None]]


def _footprint(axis: Axis) -> Footprint:
    return Footprint(axis.s, axis.before, axis.f - 1 - axis.before)


def _too_large(axis: Axis, dilation: int, name: str) -> ShapeError:
    room = axis.n + axis.before + axis.after
    kernel = (axis.f - 1) // dilation + 1
    f = f"F = {dilation} × ({kernel} - 1) + 1 = {axis.f} and " if dilation > 1 else ""
    largest = (room - 1) // dilation + 1
    return ShapeError(
        "kernel",
        "ARC201",
        f"{{name}}'s window is {axis.f} {name}, but its input is only {axis.n} {name}",
        notes=(f"in (N - F + 2P) / S + 1, {f}N - F + 2P = {axis.room} is negative",),
        help=f"use a kernel of at most {largest}, more padding, or fewer pools and strides before it",
        from_size=True,
    )


def _short(value: Size | Padding) -> str:
    """A size or padding in its shortest spelling."""
    if value == "same":
        return "same"
    size = value.symmetric if isinstance(value, Margins) else value
    if size is None:
        assert isinstance(value, Margins)
        return f"{value.top} {value.bottom} {value.left} {value.right}"
    return str(size.height) if size.height == size.width else str(size)
