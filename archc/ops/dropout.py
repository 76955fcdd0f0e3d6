"""Dropout (Hinton et al., arXiv 1207.0580)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Rate
from archc.ops.foreign import Conversion, Needless, NeedlessFields, UsualValues, complement
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Dropout(Op, frozen=True):
    """In training, sets each value to zero with probability `rate` and divides the others by 1 - rate.

    Otherwise it returns its input.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  drop1: {op: dropout, p: 0.5}\n"
    corrected = HEAD + "  drop1: {op: dropout, rate: 0.5}\n"
    other_names = ("drop",)
    other_field_names: ClassVar[OtherNames] = {
        "rate": ("p", "dropout_ratio", "ratio", "probability", "prob", "drop_prob", "drop_rate", "dropout_rate"),
    }
    usual: ClassVar[UsualValues] = {"Dropout": {"rate": 0.5}}
    loose_names = ("ratio", "prob")  # TensorFlow's first versions gave the share that is kept
    conversions = tuple(
        Conversion((word,), complement(word, "rate", "the share of values that is kept"))
        for word in ("keep_prob", "keep_rate", "keep_probability", "keep")
    )
    needless: ClassVar[NeedlessFields] = {
        "noise_shape": Needless("each value is dropped by itself", (None,)),
        "seed": Needless("`archc train --seed` is the seed of all random draws", (None,)),
    }
    keeps_shape = True
    sequence_order = "any"
    keeps_layout = True
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "none"
    kept_words = "a mask, 1 byte per value"
    op: Literal["dropout"]
    rate: Rate = Field(description="Probability that a value is set to zero while training, from 0 to below 1.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    # The meaning is that of inference: what training draws is not part of it.
    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0]

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """A mask of one byte per value, as on a GPU; on a CPU, PyTorch keeps it in the precision of the values."""
        return Kept(own=output.size if self.rate else 0)

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Yes, where it drops nothing."""
        return not training or not self.rate

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None in inference; while training, one multiplication by the mask per value, which is not counted."""
        return 0

    @property
    def drop_rate(self) -> float:
        return self.rate

    def summary(self) -> str:
        return f"rate {self.rate:g}"
