"""Log-softmax: scores to logarithms of probabilities, as the last layer of a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import Op
from archc.ops.properties import FLOAT32, Footprint, Kept, Reach, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class LogSoftmax(Op, frozen=True):
    """x - log(sum of exp(x)) over the units of a vector, or over the maps at each place: any shape -> the same shape.

    The cross-entropy loss takes its output as scores: the softmax of log-probabilities is the probabilities, so that
    the loss and its gradients are those of the network without this layer.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  log: {op: log_softmax, over: positions}\n"
    corrected = HEAD + "  log: {op: log_softmax}\n"
    other_names = ("log_softmax_layer", "LogSoftMax")
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("axis", "dim"), Needless("it is computed over the maps or units", (1, -1, -3))),
    }
    autocast = "wide"
    element_ops_words = "5 n - 1 for all n values of one sum together"
    kept_words = "its output in float32"
    sequence_order = "any"
    op: Literal["log_softmax"]

    @property
    def scores_as(self) -> Literal["probabilities", "logarithms"] | None:
        return "logarithms"

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        # Subtracting the largest score changes no result, and keeps exp from overflowing.
        lowered = x - x.max(1, keepdims=True)
        return lowered - np.log(np.exp(lowered).sum(1, keepdims=True))

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(output=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Of maps, which have the channels last, copies with the channels first: of the input, and of the gradient."""
        is_copied = output.is_maps and output.channels > 1 and output.height * output.width > 1
        copy = output.size * FLOAT32 if is_copied else 0
        return Scratch(forward=copy, turned=copy)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Of n values: n - 1 comparisons, 2 n subtractions, n exponentials, n - 1 additions, a logarithm."""
        return 5 * output.size - output.size // output.channels

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Of maps, only the place itself; a vector has no places."""
        return super().footprint(inputs) if inputs[0].is_maps else None

    def reach(self) -> Reach:
        """Every output depends on every score."""
        return Reach(groups=1)
