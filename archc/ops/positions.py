"""Positions: a vector for each place of a sequence, so that attention, which knows no order, can tell places apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.foreign import Needless, NeedlessFields, OtherValues
from archc.ops.initialisation import WeightInit, WeightInitField
from archc.ops.op import INFERRED, OtherNames, channels_of
from archc.ops.properties import Kept, Parameter
from archc.ops.shape_error import ShapeError, require_sequence
from archc.ops.weighted import Initialised
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_LENGTHS = ("sequence_length", "max_length", "max_len", "maxlen", "max_position_embeddings", "num_positions", "length")
_CHANNELS = ("d_model", "embedding_dim", "embed_dim", "hidden_size", "dim", "channels")


def _length_of(x: Tensor) -> tuple[object, ...]:
    return (x.shape[-1],)


def sinusoids(channels: int, length: int) -> Array:
    """The (channels, length) sinusoids of Vaswani et al., "Attention is all you need", arXiv 1706.03762, section 3.5.

    PE(pos, 2i) = sin(pos / 10000^(2i / d)) and PE(pos, 2i + 1) = cos(pos / 10000^(2i / d)), with d channels.
    """
    import numpy as np

    channel = np.arange(channels)[:, None]
    angles = np.arange(length) / 10_000.0 ** (2 * (channel // 2) / channels)
    return np.where(channel % 2 == 0, np.sin(angles), np.cos(angles))


class Positions(Initialised, frozen=True):
    """Adds a vector to each position of a sequence: (C, L) -> (C, L).

    The vectors are learned, or sines and cosines of the position (Vaswani et al., arXiv 1706.03762, section 3.5).
    """

    leading = ("kind",)
    shape_rule = "(C, L) -> (C, L)"
    failing = SEQUENCE_HEAD + "  position1: {op: positions}\n"
    corrected = SEQUENCE_HEAD + "  position1: {op: positions, kind: sinusoidal}\n"
    other_names = (
        *("PositionEmbedding", "positional_embedding", "positional_encoding", "position_encoding", "pos_embed"),
        *("pos_embedding", "PositionalEncoding1D", "SinePositionEncoding"),
    )
    other_field_names: ClassVar[OtherNames] = {"weight_init": ("initializer", "embeddings_initializer")}
    loose_names = ("initializer", "embeddings_initializer")
    other_values: ClassVar[OtherValues] = {
        "kind": {"sine": "sinusoidal", "sin": "sinusoidal", "fixed": "sinusoidal", "trainable": "learned"}
    }
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(_LENGTHS, Needless(INFERRED, inferred=_length_of)),
        **dict.fromkeys(_CHANNELS, Needless(INFERRED, inferred=channels_of)),
        "max_wavelength": Needless("the longest wavelength is 10,000 · 2π positions", (10000, 10_000.0)),
    }
    sequence_order = "last"
    is_linear = True
    passes_gradient = "same"
    element_ops_words = "1"
    kept_words = "nothing"
    op: Literal["positions"]
    kind: Literal["learned", "sinusoidal"] = Field(
        description="Whether the vectors are learned, or sines and cosines of the position, which have no parameters."
    )
    weight_init: WeightInitField = Field(
        default=WeightInit("normal", 0.02),
        description="Distribution that learned vectors are drawn from at the start. BERT and ViT use a deviation of "
        "0.02.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        if self.kind == "sinusoidal" and "weight_init" in self.model_fields_set:
            raise ShapeError(
                "weight_init",
                "ARC105",
                "{name} has no weights to initialise: its vectors are sinusoidal",
                help="delete `weight_init`, or use `kind: learned`",
                also="kind",
            )
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return x + (weights["weight"].T if self.kind == "learned" else sinusoids(*x.shape[1:]))

    @property
    def differs_by_map(self) -> bool:
        """Sinusoids have a wavelength for each pair of channels."""
        return self.kind == "sinusoidal"

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        if self.kind == "sinusoidal":
            return ()
        # A vector is added as it is: each of its numbers goes into one output.
        return (Parameter("weight", (x.length, x.channels), fan_in=1, fan_out=1),)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: its input has the gradient of its output."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """An addition per value."""
        return output.size

    def summary(self) -> str:
        return self.kind
