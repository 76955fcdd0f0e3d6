"""What layers with learned weights share: a weight, a bias or none, and how both are initialised."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from archc.ops.fields import HE_NORMAL, Real, WeightInit
from archc.ops.op import Op, OtherNames
from archc.tensor import Tensor


class Weighted(Op, frozen=True):
    """An op with a learned weight and, unless `bias: false`, a learned bias."""

    element_ops_words = "1 for the bias"
    kept_words = "its input"
    other_field_names: ClassVar[OtherNames] = {
        "bias": ("use_bias", "bias_term"),
        "weight_init": ("kernel_initializer", "weight_filler"),
        "bias_init": ("bias_initializer", "bias_filler"),
    }
    # A framework's initialiser has options that a renamed field would lose.
    loose_names = ("kernel_initializer", "weight_filler", "bias_initializer", "bias_filler")

    autocast = "narrow"
    bias: bool = Field(
        default=True, description="Whether a learned number is added to the output of each filter or unit."
    )
    weight_init: WeightInit = Field(
        default=HE_NORMAL,
        description="How weights are initialised: {normal: {std: …}} or {he_normal: {}}. Frameworks' defaults differ.",
    )
    bias_init: Real = Field(default=0, description="Initial value of every bias.")

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """The addition of the bias, once per output value."""
        return output.size if self.bias else 0
