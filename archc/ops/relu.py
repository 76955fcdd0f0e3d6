"""Rectified linear unit."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.op import Op


class Relu(Op, frozen=True):
    """max(x, 0), each value by itself: any shape -> the same shape."""

    op: Literal["relu"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]
