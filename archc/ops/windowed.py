"""What convolutions and pools share: a window, whether it fits, and the shape of the output."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from archc.ops.fields import NO_PADDING, ONE, Margins, Padding, PaddingField, Rounding, Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues, sides, switched
from archc.ops.op import Op, OtherNames
from archc.ops.places import places
from archc.ops.properties import Footprint
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.window import Axis, Window, slide
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

SIZE_RULE = (
    "H' = (H - F + 2P) / S + 1 with F the kernel, P the padding and S the stride, rounded as `rounding` says; "
    "W' alike; `padding: same` gives H / S rounded up"
)


def _four_sides(values: Mapping[str, Any]) -> Converted | None:
    """ONNX's `pads`: [top, left, bottom, right]."""
    match values["pads"]:
        case [int(top), int(left), int(bottom), int(right)]:
            note = "ONNX's order is [top, left, bottom, right]"
            return Converted({"pads": ("padding", sides(top, bottom, left, right))}, (note,))
        case _:
            return None


def _auto_pad(values: Mapping[str, Any]) -> Converted | None:
    """ONNX's `auto_pad`; NOTSET leaves the padding to `pads`."""
    match values["auto_pad"]:
        case "SAME_UPPER":
            return Converted({"auto_pad": ("padding", "same")})
        case "VALID":
            return Converted({"auto_pad": ("padding", 0)})
        case _:
            return _same_lower("auto_pad", values)


def _same_lower(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The padding of ONNX and JAX that is `same` but for the side of the odd row."""
    if values[word] != "SAME_LOWER":
        return None
    help = (
        "write `padding:` with the padding of each side: `same` has the odd row and column at the bottom and right, "
        "SAME_LOWER at the top and left"
    )
    return Converted({word: None}, certain=False, help=help)


def _both(word: str, own: str, values: Mapping[str, Any]) -> Converted | None:
    """Caffe's height and width of one size."""
    height, width = values[f"{word}_h"], values.get(f"{word}_w")
    if type(height) is not int or type(width) is not int:
        return None
    return Converted({f"{word}_h": (own, height if height == width else [height, width]), f"{word}_w": None})


WORDS: OtherNames = {
    "kernel": (
        *("kernel_size", "kernels", "size", "window", "window_size", "ksize", "kernel_shape", "filter_size"),
        *("filter_shape", "field_size", "pool_size", "window_shape", "k"),
    ),
    "stride": ("strides", "subsample", "step", "window_strides", "s"),
    "padding": ("pad", "paddings", "border_mode", "pad_size", "p"),
}
"""The words of other frameworks for the fields of a window."""
PADDINGS: OtherValues = {"padding": {"same": "same", **dict.fromkeys(("valid", "none", "no", "zero"), 0)}}
"""The words of other frameworks for the padding of a window."""
CONVERSIONS = (
    Conversion(("pads",), _four_sides),
    Conversion(("auto_pad",), _auto_pad),
    Conversion(("padding",), partial(_same_lower, "padding")),
    *(
        Conversion((f"{word}_h", f"{word}_w"), partial(_both, word, own))
        for word, own in (("kernel", "kernel"), ("stride", "stride"), ("pad", "padding"), ("dilation", "dilation"))
    ),
)
"""Fields of other frameworks for the sizes of a window, whose values change."""


class Windowed(Op, frozen=True):
    """An op that slides a window over each input map. Each op declares `stride` itself: only some have a default."""

    other_field_names: ClassVar[OtherNames] = {**WORDS, "rounding": ("round_mode", "pooling_convention")}
    loose_names = ("k", "s", "p")
    other_values: ClassVar[OtherValues] = {
        **PADDINGS,
        "rounding": {"full": "ceil", "valid": "floor", "up": "ceil", "down": "floor"},
    }
    conversions = (
        switched("ceil_mode", "rounding", {True: "ceil", False: "floor"}),
        *CONVERSIONS,
    )

    needless: ClassVar[NeedlessFields] = {"auto_pad": Needless("`padding` is the padding", ("NOTSET",))}

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

    spans: ClassVar[tuple[str, str]] = ("high", "wide")
    """What a window is that is too large, vertically and horizontally."""

    def _stride(self) -> Size:
        raise NotImplementedError

    def _padding(self) -> Padding:
        return self.padding

    def _dilation(self) -> Size:
        return ONE

    def window(self, inputs: tuple[Tensor, ...]) -> Window:
        (x,) = inputs
        return slide(
            x.height,
            x.width,
            kernel=self.kernel,
            stride=self._stride(),
            padding=self._padding(),
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
            parts.append(f"stride {short(self._stride())}")
        if self.padding != NO_PADDING:
            parts.append(f"padding {short(self.padding)}")
        if self._dilation() != ONE:
            parts.append(f"dilation {short(self._dilation())}")
        return ", ".join(parts)

    def windowed_shape(self, x: Tensor, channels: int) -> Tensor:
        """(C, H, W) -> (channels, H', W'); raises ShapeError where the window does not fit."""
        require_maps(self, x)
        window = self.window((x,))
        for axis, dilation, name in (
            (window.vertical, self._dilation().height, self.spans[0]),
            (window.horizontal, self._dilation().width, self.spans[1]),
        ):
            if not axis.fits:
                raise _too_large(axis, dilation, name)
        return Tensor((channels, *window.output))

    def views(self, x: Array, *, beyond: float) -> Array:
        """What each window reads, `beyond` outside the map: (N, C, H, W) -> (N, C, H', kH, W', kW)."""
        import numpy as np

        rows, columns = (np.array(self.places(axis, x.shape[2 + axis])) for axis in (0, 1))
        # One margin on all sides is more than needed, but makes every index non-negative.
        around = max(-rows.min(), -columns.min(), rows.max() - x.shape[2] + 1, columns.max() - x.shape[3] + 1, 0)
        wide = np.pad(x, ((0, 0), (0, 0), (around, around), (around, around)), constant_values=beyond)
        return wide[:, :, (rows + around)[:, :, None, None], (columns + around)[None, None]]

    def places(self, axis: int, n: int) -> list[list[int]]:
        """Along an axis of n positions, those that each window reads; below 0 or from n on they are beyond the map."""
        pad = self._padding()
        return places(
            n,
            kernel=self.kernel[axis],
            stride=self._stride()[axis],
            dilation=self._dilation()[axis],
            margin="same" if pad == "same" else (pad[2 * axis], pad[2 * axis + 1]),
            rounding=self.rounding,
        )


def _footprint(axis: Axis) -> Footprint:
    return Footprint(axis.s, axis.before, axis.f - 1 - axis.before)


def _too_large(axis: Axis, dilation: int, name: str) -> ShapeError:
    # Rounded up, a window may hang over by less than a stride.
    over = axis.s - 1 if axis.rounding == "ceil" else 0
    room = axis.n + axis.before + axis.after + over
    kernel = (axis.f - 1) // dilation + 1
    f = f"F = {dilation} × ({kernel} - 1) + 1 = {axis.f} and " if dilation > 1 else ""
    largest = (room - 1) // dilation + 1
    rule, bound = ("(N - F + 2P) / S + 1", "is negative")
    if axis.rounding == "ceil":
        rule, bound = ("⌈(N - F + 2P) / S⌉ + 1", f"is not more than -S = -{axis.s}")
    return ShapeError(
        "kernel",
        "ARC201",
        f"{{name}}'s window is {axis.f} {name}, but its input is only {axis.n} {name}",
        notes=(f"in {rule}, {f}N - F + 2P = {axis.room} {bound}",),
        help=f"use a kernel of at most {largest}, more padding, or fewer pools and strides before it",
        from_size=True,
    )


def short(value: Size | Padding) -> str:
    """A size or padding in its shortest spelling."""
    if value == "same":
        return "same"
    size = value.symmetric if isinstance(value, Margins) else value
    if size is None:
        assert isinstance(value, Margins)
        return f"{value.top} {value.bottom} {value.left} {value.right}"
    return str(size.height) if size.height == size.width else str(size)
