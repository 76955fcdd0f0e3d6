"""Scores to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.op import Kept, Op, Reach, ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Softmax(Op, frozen=True):
    """exp(x) / sum of exp(x): (n,) -> (n,). The last one is fused into a cross-entropy loss when training."""

    shape_rule: ClassVar[str] = "(n,) -> (n,)"
    failing: ClassVar[str] = HEAD + "  prob: {op: softmax}\n"
    corrected: ClassVar[str] = HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n"
    autocast: ClassVar[Literal["narrow", "wide"] | None] = "wide"
    op: Literal["softmax"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if len(x.shape) != 1:
            raise ShapeError(
                "op",
                "ARC202",
                f"{{name}} is a softmax and reads a vector, its input is maps of {x}",
                help="add a layer `{op: flatten}` before it",
            )
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        odds = np.exp(x - x.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output, or, fused into the loss, its logarithm: as many float32 values."""
        return Kept(output=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Of n values: n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions."""
        return 5 * output.size - 2

    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def reach(self) -> Reach:
        return Reach(groups=1)
