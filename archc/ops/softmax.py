"""Scores to probabilities."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.op import Op, Reach, ShapeError


class Softmax(Op, frozen=True):
    """exp(x) / sum of exp(x): (n,) -> (n,). The last one is fused into a cross-entropy loss when training."""

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

    def reach(self) -> Reach:
        return Reach(groups=1)
