"""Softmax: scores to probabilities, for a vector, at each place, or over the places of each channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import Op
from archc.ops.properties import FLOAT32, Footprint, Kept, Loss, Reach, Scratch
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _modes(x: Tensor) -> tuple[object, ...]:
    """MXNet's modes that are the same for an input."""
    return ("instance", "channel") if x.is_vector else ("channel",)


class Softmax(Op, frozen=True):
    """exp(x) / sum of exp(x): any shape -> the same shape.

    With `over: channels`, the sum is over the units of a vector, or over the channels at each place. With
    `over: positions`, it is over all places of each channel. A final softmax over channels is fused into the
    cross-entropy loss for training.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  prob1: {op: softmax}\n  prob2: {op: softmax}\n"
    corrected = HEAD + "  prob: {op: softmax}\n"
    other_names = ("SoftmaxActivation", "softmax2d")
    loose_names = ("SoftmaxActivation",)  # without `mode: channel`, MXNet's is over all values of maps
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("axis", "dim"), Needless("it is computed over the maps or units", (1, -1, -3))),
        "mode": Needless("it is computed over the maps or units", ("channel",), inferred=_modes),
        # darknet's.
        "groups": Needless("it is computed over all maps or units", (1,)),
        "temperature": Needless("scores are not divided by a temperature", (1,)),
    }
    autocast = "wide"
    sequence_order = "any"
    output_sign = "nonnegative"
    gives_probabilities = True
    element_ops_words = "5 n - 2 for all n values of one sum together"
    kept_words = "its output in float32; in the loss, its logarithm"
    op: Literal["softmax"]
    over: Literal["channels", "positions"] = Field(
        default="channels",
        description="What each sum is over: `channels`, all units or channels at one place; `positions`, all places "
        "of one channel.",
    )

    @property
    def scores_as(self) -> Literal["probabilities", "logarithms"] | None:
        return "probabilities" if self.over == "channels" else None

    @property
    def fused_into(self) -> Loss | None:
        return "cross_entropy" if self.over == "channels" else None

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if self.over == "positions" and x.is_vector:
            raise ShapeError(
                "over",
                "ARC203",
                f"{{name}} is computed over positions; its input is a vector of {x}, which has none",
                help="use `over: channels`",
            )
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        axes = (1,) if self.over == "channels" else tuple(range(2, x.ndim))
        # Subtracting the largest score changes no result, and keeps exp from overflowing.
        odds = np.exp(x - x.max(axes, keepdims=True))
        return odds / odds.sum(axes, keepdims=True)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output, or the logarithm of it where it is fused into the loss: the same number of float32 values."""
        return Kept(output=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Of maps, which have the channels last, copies with the channels first: of the input, and of the gradient.

        Of one map and of a single pixel, both orders are the same.
        """
        is_copied = output.is_maps and output.channels > 1 and output.height * output.width > 1
        copy = output.size * FLOAT32 if is_copied else 0
        return Scratch(forward=copy, turned=copy)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Of n values: n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions."""
        places = output.size // output.channels
        return 5 * output.size - 2 * (places if self.over == "channels" else output.channels)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Over channels, only the place itself; a vector has no places."""
        return super().footprint(inputs) if self.over == "channels" and not inputs[0].is_vector else None

    def summary(self) -> str:
        return "" if self.over == "channels" else "over positions"

    def reach(self) -> Reach:
        """Over channels, every probability depends on every score: a split softmax needs all of them."""
        return Reach(groups=1) if self.over == "channels" else Reach()
