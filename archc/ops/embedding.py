"""Embedding: a learned vector for each token of a vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from archc.example import TOKENS_HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.initialisation import WeightInit, WeightInitField
from archc.ops.op import INFERRED, OtherNames
from archc.ops.properties import Kept, Parameter, Reach
from archc.ops.shape_error import ShapeError
from archc.ops.weighted import Initialised
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_VOCABULARY = ("num_embeddings", "input_dim", "vocab_size", "vocabulary_size", "vocabulary", "n_vocab", "num_tokens")


def _vocabulary_of(x: Tensor) -> tuple[object, ...]:
    return (x.vocabulary,)


def _length_of(x: Tensor) -> tuple[object, ...]:
    return (x.shape[-1], None)


class Embedding(Initialised, frozen=True):
    """A learned vector of `channels` numbers for each token: tokens (L,) -> (channels, L).

    The weight has a row for each token of the input's vocabulary.
    """

    leading = ("channels",)
    shape_rule = "tokens (L,) -> (channels, L)"
    failing = TOKENS_HEAD + "  embed1: {op: embedding}\n"
    corrected = TOKENS_HEAD + "  embed1: {op: embedding, channels: 4}\n"
    other_names = ("Embed", "word_embedding", "token_embedding", "lookup_table")
    other_field_names: ClassVar[OtherNames] = {
        "channels": (
            *("embedding_dim", "output_dim", "dim", "embed_dim", "embedding_size", "d_model", "hidden_size", "width"),
            *("num_output", "units", "features", "size", "filters"),
        ),
        "weight_init": ("embeddings_initializer", "weight_filler", "initializer"),
    }
    loose_names = ("size", "features", "weight_filler", "initializer", "embeddings_initializer")
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(_VOCABULARY, Needless(INFERRED, inferred=_vocabulary_of)),
        "input_length": Needless(INFERRED, inferred=_length_of),
        "mask_zero": Needless("no token is masked", (False,)),
        "padding_idx": Needless("every token has a vector that is trained", (None,)),
        "max_norm": Needless("vectors are not scaled", (None,)),
        "scale_grad_by_freq": Needless("gradients are not scaled", (False,)),
        "sparse": Needless("it changes no value", (True, False)),
        "bias_term": Needless("it adds no bias", (False,)),
    }
    reads_tokens = True
    sequence_order = "last"
    autocast = "wide"
    channels_field = "channels"
    element_ops_words = "none"
    kept_words = "its tokens"
    op: Literal["embedding"]
    channels: Count = Field(description="Number of learned numbers for each token: the channels of the output.")
    weight_init: WeightInitField = Field(
        default=WeightInit("normal", 1),
        description="Distribution that the vectors are drawn from at the start. PyTorch's is {normal: {std: 1}}.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if not x.is_tokens:
            raise ShapeError(
                "op",
                "ARC208",
                f"{{name}} (embedding) expects tokens; its input is {x.described}",
                notes=("tokens are whole numbers below the size of a vocabulary, which the spec's `input:` gives",),
                help=f"use `{{op: dense, units: {self.channels}}}`, which reads numbers" if not x.is_maps else None,
            )
        return Tensor((self.channels, *x.shape))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.moveaxis(weights["weight"][inputs[0].astype(int)], -1, 1)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        vocabulary = inputs[0].vocabulary
        assert vocabulary is not None
        # A value is one number of the token's row, so that its variance does not depend on the vocabulary.
        return (Parameter("weight", (vocabulary, self.channels), fan_in=1, fan_out=self.channels),)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its tokens, for the gradient of their vectors."""
        return Kept(inputs=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    def summary(self) -> str:
        return ""

    def reach(self) -> Reach:
        return Reach(groups=1)

    def reads_words(self, x: Tensor) -> str:
        return "each channel reads the tokens"

    def split(self, devices: int) -> Self:
        return self.model_copy(update={"channels": self.channels // devices})
