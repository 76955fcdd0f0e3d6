"""The sum of layers, as at the end of a residual block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.graph import Tensor
from archc.ops.op import Op, ShapeError

if TYPE_CHECKING:
    from archc.ops.op import Array


class Add(Op, frozen=True):
    """The sum of two or more inputs of equal shape, place by place."""

    arity: ClassVar[tuple[int, int | None]] = (2, None)
    op: Literal["add"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len(set(inputs)) > 1:
            shapes = ", ".join(map(str, inputs))
            raise ShapeError("from", "ARC204", f"{{name}} adds inputs of unequal shape: {shapes}")
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.sum(inputs, axis=0)
