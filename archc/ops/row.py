"""What ops on sequences share with those on maps: a sequence is a row, maps of height 1, over which a window moves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from archc.ops.fields import NO_PADDING, ONE, EndsField, LengthField, Margins, Padding, Rounding, Size
from archc.ops.foreign import Conversion, Converted, ends
from archc.ops.op import Op
from archc.ops.properties import Parameter
from archc.ops.shape_error import require_sequence
from archc.ops.window import Window
from archc.ops.windowed import Windowed
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

LENGTH_RULE = (
    "L' = (L - F + 2P) / S + 1 with F the kernel, P the padding and S the stride, rounded as `rounding` says; "
    "`padding: same` gives L / S rounded up"
)


def _both_ends(values: Mapping[str, Any]) -> Converted | None:
    """ONNX's `pads` of a sequence: [begin, end]."""
    match values["pads"]:
        case [int(left), int(right)]:
            return Converted({"pads": ("padding", ends(left, right))})
        case _:
            return None


def only(word: str, own: str, values: Mapping[str, Any]) -> Converted | None:
    """The only number of a list, as other frameworks keep sizes along one axis."""
    match values[word]:
        case [int(size)]:
            return Converted({word: (own, size)})
        case _:
            return None


_LISTED = {
    "kernel": ("kernel", "kernel_size", "kernel_shape", "pool_size"),
    "stride": ("stride", "strides"),
    "padding": ("padding", "pad"),
    "dilation": ("dilation", "dilations", "dilation_rate"),
}


class InRow(Op, frozen=True):
    """An op on maps that is applied to a sequence as to maps of one row; it comes before that op in the bases."""

    spans: ClassVar[tuple[str, str]] = ("high", "long")
    conversions = (
        Conversion(("pads",), _both_ends),
        *(Conversion((word,), partial(only, word, own)) for own, words in _LISTED.items() for word in words),
    )
    if TYPE_CHECKING:  # each op declares the field, at its own place in the order of fields
        kernel: LengthField

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        y = super().infer((as_row(x),))
        return Tensor((y.channels, y.width))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        rows = {name: value[:, :, None] if value.ndim == 3 else value for name, value in weights.items()}
        return super().compute((x[:, :, None],), rows)[:, :, 0]

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        """Those of the op on maps, without the height of one row."""
        whole = super().parameters(inputs)
        return tuple(each._replace(shape=(*each.shape[:2], *each.shape[3:])) for each in whole)

    def summary(self) -> str:
        """The kernel and the fields that are not at their defaults, each as one number."""
        shown = {field: getattr(self, field, ONE) for field in ("stride", "padding", "dilation")}
        parts = [f"{field} {_in_row(value)}" for field, value in shown.items() if value not in (ONE, NO_PADDING)]
        groups = getattr(self, "groups", 1)
        return ", ".join((_in_row(self.kernel), *parts, *([f"{groups} groups"] if groups > 1 else [])))


class Row(InRow, Windowed, frozen=True):
    """An op that slides a window over maps, applied to a sequence; it comes before that op in the bases."""

    kernel: LengthField = Field(description="Size of the window: its number of positions.")
    padding: EndsField = Field(
        default=NO_PADDING,
        description="Positions added at the ends of a sequence: one number, {left, right}, or `same` for an output of "
        "ceil(L / S), with the odd position at the end.",
    )
    rounding: Rounding = Field(
        default="floor",
        description="How (L - F + 2P) / S is rounded: `floor`, or `ceil` for a last window that extends past the end.",
    )

    def window(self, inputs: tuple[Tensor, ...]) -> Window:
        (x,) = inputs
        return super().window((as_row(x),))._replace(is_row=True)


def as_row(x: Tensor) -> Tensor:
    """A sequence as maps of one row."""
    return Tensor((x.channels, 1, x.length)) if x.is_sequence else x


def _in_row(value: Size | Padding | str) -> str:
    """A size or a padding along a sequence in its shortest spelling."""
    match value:
        case Size():
            return str(value.width)
        case Margins():
            return str(value.left) if value.left == value.right else f"{value.left} {value.right}"
        case _:
            return value
