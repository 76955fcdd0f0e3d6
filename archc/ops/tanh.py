"""Hyperbolic tangent, the unit that the paper measured ReLU against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from archc.graph import Tensor
from archc.ops.op import Op

if TYPE_CHECKING:
    from archc.ops.op import Array


class Tanh(Op, frozen=True):
    """tanh(x), each value by itself: any shape -> the same shape."""

    op: Literal["tanh"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.tanh(inputs[0])
