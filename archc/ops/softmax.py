"""Scores to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.graph import Tensor
from archc.ops.op import Op, Reach, ShapeError

if TYPE_CHECKING:
    from archc.ops.op import Array


class Softmax(Op, frozen=True):
    """exp(x) / sum of exp(x): (n,) -> (n,). The last one is fused into a cross-entropy loss when training."""

    shape_rule: ClassVar[str] = "(n,) -> (n,)"
    failing: ClassVar[str] = HEAD + "  prob: {op: softmax}\n"
    corrected: ClassVar[str] = HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n"
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

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Of n values: n - 1 comparisons, n subtractions, n exponentials, n - 1 additions, n divisions."""
        return 5 * output.size - 2

    def reach(self) -> Reach:
        return Reach(groups=1)
