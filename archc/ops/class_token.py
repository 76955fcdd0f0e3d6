"""Class tokens: learned positions before a sequence, of which a classifier reads the first (BERT, ViT)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD, SEQUENCE_HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.initialisation import WeightInit, WeightInitField
from archc.ops.op import INFERRED, OtherNames, channels_of
from archc.ops.properties import Footprint, Kept, Parameter
from archc.ops.shape_error import require_sequence
from archc.ops.weighted import Initialised
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class ClassToken(Initialised, frozen=True):
    """Puts `count` learned positions before a sequence: (C, L) -> (C, count + L)."""

    shape_rule = "(C, L) -> (C, count + L)"
    failing = HEAD + "  token1: {op: class_token}\n"
    corrected = SEQUENCE_HEAD + "  token1: {op: class_token}\n"
    spoken = "class token"
    other_names = ("cls_token", "class_tokens", "cls", "class_embedding")
    loose_names = ("cls", "initializer", "n", "number")
    other_field_names: ClassVar[OtherNames] = {
        "count": ("num_tokens", "n", "number", "num_registers"),
        "weight_init": ("initializer",),
    }
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(
            ("dim", "embed_dim", "hidden_size", "d_model", "channels"), Needless(INFERRED, inferred=channels_of)
        ),
    }
    sequence_order = "last"
    is_linear = True
    passes_gradient = "view"
    element_ops_words = "none"
    kept_words = "nothing"
    op: Literal["class_token"]
    count: Count = Field(default=1, description="Number of learned positions.")
    weight_init: WeightInitField = Field(
        default=WeightInit("zeros", 0),
        description="Distribution that the learned positions are drawn from at the start. ViT's start at zero.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        return Tensor((x.channels, self.count + x.length))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        tokens = np.broadcast_to(weights["weight"].T, (len(x), *weights["weight"].T.shape))
        return np.concatenate((tokens, x), axis=2)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        # Each number is one output of every example.
        return (Parameter("weight", (self.count, x.channels), fan_in=1, fan_out=1),)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient is split where the values were joined."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Positions move on by the number of tokens, and those read nothing."""
        return None

    def summary(self) -> str:
        return "" if self.count == 1 else f"{self.count} positions"
