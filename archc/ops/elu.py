"""Exponential linear unit (Clevert et al., arXiv 1511.07289)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.fields import Positive
from archc.ops.foreign import UsualValues

if TYPE_CHECKING:
    from archc.ops.op import Array


class Elu(KeepsInput, frozen=True):
    """x where x is positive, and alpha (exp(x) - 1) elsewhere, each value by itself: any shape -> the same shape."""

    failing = HEAD + "  elu1: {op: elu, alpha: -1}\n"
    corrected = HEAD + "  elu1: {op: elu, alpha: 1}\n"
    spoken = "ELU"
    other_names = ("exponential_linear_unit",)
    usual: ClassVar[UsualValues] = {"ELU": {"alpha": 1}, "exponential_linear_unit": {"alpha": 1}}
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    per_value = 4
    element_ops_words = "4"
    op: Literal["elu"]
    alpha: Positive = Field(
        description="Negative values approach minus this number; 1 by default in PyTorch and in Keras."
    )

    def value(self, x: Array) -> Array:
        import numpy as np

        return np.where(x > 0, x, self.alpha * np.expm1(x.clip(max=0)))

    def summary(self) -> str:
        return f"alpha {self.alpha:g}"
