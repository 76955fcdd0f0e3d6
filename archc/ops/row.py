"""What windows over sequences share: a sequence is a row, maps of height 1, over which a window of height 1 moves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import Field

from archc.ops.fields import NO_PADDING, EndsField, LengthField, Rounding
from archc.ops.foreign import Conversion, Converted
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
            padding: object = left if left == right else {"left": left, "right": right}
            return Converted({"pads": ("padding", padding)})
        case _:
            return None


def _only(word: str, own: str, values: Mapping[str, Any]) -> Converted | None:
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


class Row(Windowed, frozen=True):
    """An op on maps that is applied to a sequence as to maps of one row; it comes before that op in the bases."""

    spans = ("high", "long")
    conversions = (
        Conversion(("pads",), _both_ends),
        *(Conversion((word,), partial(_only, word, own)) for own, words in _LISTED.items() for word in words),
    )

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

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        y = super().infer((_as_maps(x),))
        return Tensor((y.channels, y.width))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        rows = {name: value[:, :, None] if value.ndim == 3 else value for name, value in weights.items()}
        return super().compute((x[:, :, None],), rows)[:, :, 0]

    def window(self, inputs: tuple[Tensor, ...]) -> Window:
        (x,) = inputs
        return super().window((_as_maps(x),))._replace(is_row=True)

    def summary(self) -> str:
        """The kernel and the fields that are not at their defaults, each as one number."""
        shown = {"stride": self._stride().width, "dilation": self._dilation().width}
        padding = self.padding
        if not isinstance(padding, str):
            padding = padding.left if padding.left == padding.right else f"{padding.left} {padding.right}"
        parts = [str(self.kernel.width)]
        parts += [f"stride {shown['stride']}"] if shown["stride"] != 1 else []
        parts += [f"padding {padding}"] if padding else []
        parts += [f"dilation {shown['dilation']}"] if shown["dilation"] != 1 else []
        return ", ".join(parts)


def _as_maps(x: Tensor) -> Tensor:
    return Tensor((x.channels, 1, x.length)) if x.is_sequence else x
