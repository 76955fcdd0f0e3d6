"""Rows and columns around maps, or positions at the ends of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Real
from archc.ops.foreign import Conversion, Converted, OtherValues, UsualValues, ends, sides, spelled
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Footprint, Kept
from archc.ops.shape_error import ShapeError
from archc.ops.sides import SidesField, axes, both_ends, footprints, require_sides
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_PYTORCH_1D = ("ZeroPad1d", "ConstantPad1d", "ReflectionPad1d", "ReplicationPad1d")
_OF_PYTORCH = ("ZeroPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d")
_PYTORCH = "PyTorch's order is [left, right, top, bottom]"


def _from_last(word: str, values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's sides, from the last axis to the first: [left, right, top, bottom]."""
    match values[word]:
        case int(size):
            return Converted({word: ("padding", size)})
        case [int(left), int(right)] if word == "pad":
            forms = spelled(ends(left, right)), spelled(sides(0, 0, left, right))
            help = "write `padding: {}` for a sequence, or `padding: {}` for maps".format(*forms)
            return Converted({word: None}, certain=False, help=f"{help}: PyTorch's two numbers are of the last axis")
        case [int(left), int(right)]:
            padding = sides(0, 0, left, right)
        case [int(left), int(right), int(top), int(bottom), *others] if not any(others):
            padding = sides(top, bottom, left, right)
        case _:
            return None
    return Converted({word: ("padding", padding)}, (_PYTORCH,))


def _of_every_axis(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The sides of every axis, those of the batch and of the channels too: in pairs in MXNet, TensorFlow and JAX, and
    in ONNX those before all axes, then those after."""
    match values[word], word:
        case [0, 0, int(left), 0, 0, int(right)], "pads":
            padding = ends(left, right)
        case [[0, 0], [int(left), int(right)], [0, 0]] | [[0, 0], [0, 0], [int(left), int(right)]], _:
            padding = ends(left, right)
        case [0, 0, int(top), int(left), 0, 0, int(bottom), int(right)], "pads":
            padding = sides(top, bottom, left, right)
        case [0, 0, 0, 0, int(top), int(bottom), int(left), int(right)], "pad_width":
            padding = sides(top, bottom, left, right)
        # Of one pair, the axis can be that of the channels in another order.
        case [[0, 0], [int(top), int(bottom)], [int(left), int(right)], [0, 0]], _ if (top or bottom) or not (
            left or right
        ):
            padding = sides(top, bottom, left, right)
        case [[0, 0], [0, 0], [int(top), int(bottom)], [int(left), int(right)]], _:
            padding = sides(top, bottom, left, right)
        case [int(top), int(left), int(bottom), int(right)], "pads":
            note = "ONNX's order is [top, left, bottom, right]"
            return Converted({word: ("padding", sides(top, bottom, left, right))}, (note,), certain=False)
        case _:
            return None
    return Converted({word: ("padding", padding)}, ("the other axes are those of the batch and of the channels",))


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
    """Rows and columns around each map: (C, H, W) -> (C, H', W'), or positions at both ends: (C, L) -> (C, L').

    With `mode: constant` they have the value `value`. With `mode: reflect` they repeat the map, mirrored at its first
    and last row and column, which are not repeated. With `mode: replicate` they repeat its first or last row or column.
    Positions of a sequence alike.
    """

    leading = ("padding", "mode", "value")
    shape_rule = "(C, H, W) -> (C, H + top + bottom, W + left + right), or (C, L) -> (C, L + left + right)"
    failing = HEAD + "  pad1: {op: pad, padding: 8, mode: reflect}\n"
    corrected = HEAD + "  pad1: {op: pad, padding: 7, mode: reflect}\n"
    spoken = "padding"
    other_names = ("ZeroPadding1D", "ZeroPadding2D", "zero_pad", "constant_pad", *_OF_PYTORCH, *_OF_PYTORCH_1D)
    other_field_names: ClassVar[OtherNames] = {
        "padding": ("pads", "pad_width", "paddings"),
        "value": ("constant_value", "constant_values"),
    }
    loose_names = ("pads", "pad_width", "paddings")
    other_values: ClassVar[OtherValues] = {"mode": {"edge": "replicate", "zeros": "constant", "zero": "constant"}}
    conversions = (
        both_ends("padding", "padding", ("ZeroPadding1D", *_OF_PYTORCH_1D)),
        Conversion(("padding",), partial(_from_last, "padding"), names=_OF_PYTORCH),
        Conversion(("pad",), partial(_from_last, "pad")),  # of `torch.nn.functional`
        *(Conversion((word,), partial(_of_every_axis, word)) for word in ("pads", "pad_width", "paddings")),
        Conversion(("padding",), _in_any_order),
    )
    usual: ClassVar[UsualValues] = {
        **{name: {"mode": _reflect} for name in ("ReflectionPad1d", "ReflectionPad2d")},
        **{name: {"mode": _replicate} for name in ("ReplicationPad1d", "ReplicationPad2d")},
        **{name: {"padding": 1} for name in ("ZeroPadding1D", "ZeroPadding2D")},
    }
    is_linear = True
    element_ops_words = "none"
    kept_words = "nothing; its input with `mode: reflect` and `replicate`"
    op: Literal["pad"]
    padding: SidesField = Field(
        description="Rows and columns added around each map: one number, [height, width] or {top, bottom, left, "
        "right}; positions added at the ends of a sequence: one number or {left, right}."
    )
    mode: Literal["constant", "reflect", "replicate"] = Field(default="constant", description="What is added.")
    value: Real = Field(default=0, description="The value that `mode: constant` adds.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sides(self, "padding", self.padding, x)
        sides = axes(self.padding.around(x), x)
        for size, before, after, described, lines in sides:
            if self.mode == "reflect" and max(before, after) >= size:
                raise ShapeError(
                    "padding",
                    "ARC105",
                    f"{{name}} mirrors {max(before, after)} {lines} of {described}",
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
        return Tensor((x.channels, *(axis.before + axis.size + axis.after for axis in sides)))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        x = Tensor(inputs[0].shape[1:])
        margins = ((0, 0), (0, 0), *((axis.before, axis.after) for axis in axes(self.padding.around(x), x)))
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
        return footprints(self.padding.around(inputs[0]))

    def summary(self) -> str:
        return f"{self.padding}, {self.mode}" + (f" {self.value:g}" if self.value else "")
