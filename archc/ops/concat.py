"""Maps or units of several layers, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.op import Kept, Op
from archc.ops.unequal import unequal
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Concat(Op, frozen=True):
    """(C1, H, W), (C2, H, W), … -> (C1 + C2 + …, H, W), or the same for vectors."""

    arity: ClassVar[tuple[int, int | None]] = (2, None)
    shape_rule: ClassVar[str] = "(C1, H, W), (C2, H, W), … -> (C1 + C2 + …, H, W), or the same for vectors"
    failing: ClassVar[str] = (
        HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  join1: {op: concat, from: [image, pool1]}\n"
    )
    corrected: ClassVar[str] = HEAD + "  relu1: {op: relu}\n  join1: {op: concat, from: [image, relu1]}\n"
    op: Literal["concat"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len({x.shape[1:] for x in inputs}) > 1:
            shapes = ", ".join(map(str, inputs))
            raise unequal(f"{{name}} joins inputs whose height and width differ: {shapes}", inputs, channels=False)
        return Tensor((sum(x.channels for x in inputs), *inputs[0].shape[1:]))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.concatenate(inputs, axis=1)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient is cut as the values were joined."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are moved only."""
        return 0

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """Of each input the maps that come to lie in `part`."""
        starts = accumulate((x.channels for x in inputs), initial=0)
        return tuple(
            range(min(max(part.start - start, 0), x.channels), min(max(part.stop - start, 0), x.channels))
            for start, x in zip(starts, inputs, strict=False)
        )
