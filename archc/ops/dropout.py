"""Dropout (Hinton et al., arXiv 1207.0580)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Rate
from archc.ops.op import Kept, Op
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Dropout(Op, frozen=True):
    """While training, each value is zero with probability `rate`, the others divided by 1 - rate; else the identity."""

    shape_rule: ClassVar[str] = "any shape -> the same shape"
    failing: ClassVar[str] = HEAD + "  drop1: {op: dropout, p: 0.5}\n"
    corrected: ClassVar[str] = HEAD + "  drop1: {op: dropout, rate: 0.5}\n"
    op: Literal["dropout"]
    rate: Rate = Field(description="Probability that a value is zero, from 0 to below 1.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0]

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """A mask of one byte a value, as on a GPU; PyTorch on a CPU keeps it in the values' own precision."""
        return Kept(own=output.size if self.rate else 0)

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """It is the identity where it drops nothing."""
        return not training or not self.rate

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None but while training, where it is a multiplication by its mask a value."""
        return 0

    def summary(self) -> str:
        return f"rate {self.rate:g}"
