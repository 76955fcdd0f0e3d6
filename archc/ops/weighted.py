"""What layers with learned weights share: a bias or none, and how both begin."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archc.ops.fields import HE_NORMAL, WeightInit
from archc.ops.op import Op
from archc.tensor import Tensor


class Weighted(Op, frozen=True):
    """An op that learns a weight and, unless it says otherwise, a bias."""

    autocast: ClassVar[Literal["narrow", "wide"] | None] = "narrow"
    bias: bool = Field(default=True, description="Whether a learned number is added to each filter's or unit's output.")
    weight_init: WeightInit = Field(
        default=HE_NORMAL,
        description="How weights begin: {normal: {std: …}} or {he_normal: {}}; write it, frameworks differ.",
    )
    bias_init: float = Field(default=0, description="The number that every bias begins with.")

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """The addition of the bias, a value of the output."""
        return output.size if self.bias else 0
