"""Maps to a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from archc.graph import Tensor
from archc.ops.op import Op

if TYPE_CHECKING:
    from archc.ops.op import Array


class Flatten(Op, frozen=True):
    """All values as one vector, map by map and row by row: (C, H, W) -> (C H W,), in every backend in this order."""

    op: Literal["flatten"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return Tensor((inputs[0].size,))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0].reshape(len(inputs[0]), -1)
