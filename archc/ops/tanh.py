"""Hyperbolic tangent, the unit that the paper measured ReLU against."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.op import Op


class Tanh(Op, frozen=True):
    """tanh(x), each value by itself: any shape -> the same shape."""

    op: Literal["tanh"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]
