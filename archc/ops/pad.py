"""Rows and columns around maps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Real, SidesField
from archc.ops.foreign import Conversion, Converted, OtherValues, UsualValues, sides
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Footprint, Kept
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.windowed import short
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_PYTORCH = ("ZeroPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d")
_PYTORCH = "PyTorch's order is [left, right, top, bottom]"


def _from_last(word: str, values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's sides, from the last axis to the first: [left, right, top, bottom]."""
    match values[word]:
        case int(size):
            margins = (size, size, size, size)
        case [int(left), int(right)]:
            margins = (0, 0, left, right)
        case [int(left), int(right), int(top), int(bottom), *others] if not any(others):
            margins = (top, bottom, left, right)
        case _:
            return None
    return Converted({word: ("padding", sides(*margins))}, (_PYTORCH,))


def _of_every_axis(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The sides of every axis, those of the batch and of the channels too: in pairs in MXNet, TensorFlow and JAX, and
    in ONNX those before all axes, then those after."""
    match values[word], word:
        case [0, 0, int(top), int(left), 0, 0, int(bottom), int(right)], "pads":
            pass
        case [0, 0, 0, 0, int(top), int(bottom), int(left), int(right)], "pad_width":
            pass
        # Of one pair, the axis can be that of the channels in another order.
        case [[0, 0], [int(top), int(bottom)], [int(left), int(right)], [0, 0]], _ if (top or bottom) or not (
            left or right
        ):
            pass
        case [[0, 0], [0, 0], [int(top), int(bottom)], [int(left), int(right)]], _:
            pass
        case [int(top), int(left), int(bottom), int(right)], "pads":
            note = "ONNX's order is [top, left, bottom, right]"
            return Converted({word: ("padding", sides(top, bottom, left, right))}, (note,), certain=False)
        case _:
            return None
    note = "the other axes are those of the batch and of the channels"
    return Converted({word: ("padding", sides(top, bottom, left, right))}, (note,))


def _in_any_order(values: Mapping[str, Any]) -> Converted | None:
    """Four numbers, which frameworks have in different orders."""
    match values["padding"]:
        case [int(a), int(b), int(c), int(d)] if len({a, b, c, d}) > 1:
            help = "write `{top: …, bottom: …, left: …, right: …}`"
            orders = f"{_PYTORCH}, ONNX's [top, left, bottom, right]"
            return Converted({"padding": None}, certain=False, help=f"{help}: {orders}")
        case _:
            return None


def _reflect(values: Mapping[str, Any]) -> object:
    return "reflect"


def _replicate(values: Mapping[str, Any]) -> object:
    return "replicate"


class Pad(Op, frozen=True):
    """Rows and columns around each map: (C, H, W) -> (C, H', W').

    With `mode: constant` they have the value `value`. With `mode: reflect` they repeat the map, mirrored at its first
    and last row and column, which are not repeated. With `mode: replicate` they repeat its first or last row or column.
    """

    leading = ("padding", "mode", "value")
    shape_rule = "(C, H, W) -> (C, H + top + bottom, W + left + right)"
    failing = HEAD + "  pad1: {op: pad, padding: 8, mode: reflect}\n"
    corrected = HEAD + "  pad1: {op: pad, padding: 7, mode: reflect}\n"
    spoken = "padding"
    other_names = ("ZeroPadding2D", *_OF_PYTORCH, "zero_pad", "constant_pad")
    other_field_names: ClassVar[OtherNames] = {
        "padding": ("pads", "pad_width", "paddings"),
        "value": ("constant_value", "constant_values"),
    }
    loose_names = ("pads", "pad_width", "paddings")
    other_values: ClassVar[OtherValues] = {"mode": {"edge": "replicate", "zeros": "constant", "zero": "constant"}}
    conversions = (
        Conversion(("padding",), partial(_from_last, "padding"), names=_OF_PYTORCH),
        Conversion(("pad",), partial(_from_last, "pad")),  # of `torch.nn.functional`
        *(Conversion((word,), partial(_of_every_axis, word)) for word in ("pads", "pad_width", "paddings")),
        Conversion(("padding",), _in_any_order),
    )
    usual: ClassVar[UsualValues] = {"ReflectionPad2d": {"mode": _reflect}, "ReplicationPad2d": {"mode": _replicate}}
    is_linear = True
    element_ops_words = "none"
    kept_words = "nothing; its input with `mode: reflect` and `replicate`"
    op: Literal["pad"]
    padding: SidesField = Field(
        description="Rows and columns added around each map: one number, [height, width] or {top, bottom, left, right}."
    )
    mode: Literal["constant", "reflect", "replicate"] = Field(default="constant", description="What is added.")
    value: Real = Field(default=0, description="The value that `mode: constant` adds.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        top, bottom, left, right = self.padding
        for size, most, name in ((x.height, max(top, bottom), "high"), (x.width, max(left, right), "wide")):
            if self.mode == "reflect" and most >= size:
                raise ShapeError(
                    "padding",
                    "ARC105",
                    f"{{name}} mirrors {most} rows or columns of maps that are {size} {name}",
                    notes=(f"without the first one, there are {size} - 1 = {size - 1} to mirror",),
                    help=f"use a padding of at most {size - 1}",
                )
        if self.mode != "constant" and self.value:
            raise ShapeError(
                "value",
                "ARC105",
                f"{{name}} adds no value with `mode: {self.mode}`",
                help="delete `value`, or use `mode: constant`",
                also="mode",
            )
        return Tensor((x.channels, x.height + top + bottom, x.width + left + right))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        top, bottom, left, right = self.padding
        margins = ((0, 0), (0, 0), (top, bottom), (left, right))
        if self.mode == "constant":
            return np.pad(inputs[0], margins, constant_values=self.value)
        return np.pad(inputs[0], margins, mode="reflect" if self.mode == "reflect" else "edge")

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing, or its input, of which PyTorch needs only the shape."""
        return Kept(inputs=self.mode != "constant")

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        return _moved(self.padding.top), _moved(self.padding.left)

    def summary(self) -> str:
        return f"{short(self.padding)}, {self.mode}" + (f" {self.value:g}" if self.value else "")


def _moved(by: int) -> Footprint:
    return Footprint(before=by, after=-by)
