"""Maps to a vector."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.op import Op


class Flatten(Op, frozen=True):
    """All values as one vector, map by map and row by row: (C, H, W) -> (C H W,), in every backend in this order."""

    op: Literal["flatten"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return Tensor((inputs[0].size,))
