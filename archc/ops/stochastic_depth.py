"""Stochastic depth (Huang et al., arXiv 1603.09382), also called drop path."""

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


class StochasticDepth(Op, frozen=True):
    """In training, sets all values of an example to zero with probability `rate` and divides the others by 1 - rate.

    Otherwise it returns its input. At the end of a residual branch, it skips the branch for these examples.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  drop1: {op: stochastic_depth, p: 0.1}\n"
    corrected = HEAD + "  drop1: {op: stochastic_depth, rate: 0.1}\n"
    other_names = ("drop_path", "drop_connect")
    loose_names = ("drop_connect",)  # also the dropout of single weights
    other_field_names: ClassVar[OtherNames] = {
        "rate": ("p", "drop_prob", "drop_rate", "drop_path", "drop_path_rate", "probability", "prob"),
    }
    usual: ClassVar[UsualValues] = {"DropPath": {"rate": {"timm": 0, "keras_cv": 0.5}}}
    conversions = tuple(
        Conversion((word,), complement(word, "rate", "the share of examples that are kept"))
        for word in ("survival_probability", "survival_prob", "keep_prob")
    )
    needless: ClassVar[NeedlessFields] = {
        "mode": Needless("each example is dropped by itself", ("row",)),
        "scale_by_keep": Needless("the others are divided by 1 - rate", (True,)),
        "seed": Needless("`archc train --seed` is the seed of all random draws", (None,)),
    }
    keeps_shape = True
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    drops_examples = True
    element_ops_words = "none"
    kept_words = "one number per example"
    sequence_order = "any"
    op: Literal["stochastic_depth"]
    rate: Rate = Field(
        description="Probability that all values of an example are set to zero while training, from 0 to below 1."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    # The meaning is that of inference: what training draws is not part of it.
    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0]

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """By what each example is multiplied."""
        return Kept(between=1 if self.rate else 0)

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Yes, where it drops nothing."""
        return not training or not self.rate

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None in inference; while training, one multiplication per value, which is not counted."""
        return 0

    @property
    def drop_rate(self) -> float:
        return self.rate

    def summary(self) -> str:
        return f"rate {self.rate:g}"
