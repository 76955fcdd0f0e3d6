"""Softmax: scores to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import Kept, Op, Reach, ShapeError, require_vector
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Softmax(Op, frozen=True):
    """exp(x) / sum of exp(x): (n,) -> (n,). A final softmax is fused into the cross-entropy loss for training."""

    shape_rule = "(n,) -> (n,)"
    failing = HEAD + "  prob: {op: softmax}\n"
    corrected = HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n"
    needless: ClassVar[NeedlessFields] = dict.fromkeys(("axis", "dim"), Needless("its input is a vector", (1, -1)))
    autocast = "wide"
    output_sign = "nonnegative"
    gives_probabilities = True
    element_ops_words = "5 n - 2 for all n values together"
    kept_words = "its output in float32; in the loss, its logarithm"
    op: Literal["softmax"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_vector(self, x)
        return x

    def check_order(self, before: tuple[Op | None, ...]) -> None:
        (source,) = before
        if source is not None and source.gives_probabilities:
            message = "{name} is a softmax of the softmax {0}"
            raise ShapeError("op", "ARC206", message, help="delete {0} or {name}")

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        # Subtracting the largest score changes no result, and keeps exp from overflowing.
        odds = np.exp(x - x.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output, or the logarithm of it where it is fused into the loss: the same number of float32 values."""
        return Kept(output=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Of n values: n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions."""
        return 5 * output.size - 2

    # Every probability depends on every score, so that a split softmax needs all of them.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def reach(self) -> Reach:
        return Reach(groups=1)
