"""Attention of several heads (Vaswani et al., arXiv 1706.03762), of a sequence to itself or to another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields
from archc.ops.op import INFERRED, OtherNames, channels_of
from archc.ops.properties import FLOAT32, Footprint, Kept, Parameter, Reach
from archc.ops.shape_error import ShapeError, require_sequence
from archc.ops.weighted import Weighted
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_CHANNELS = ("embed_dim", "d_model", "dim", "hidden_size", "hidden_dim", "input_dim", "kdim", "vdim")


def _value_dim(values: Mapping[str, Any]) -> Converted | None:
    """Keras' `value_dim` is `key_dim` by default, and here always."""
    same = values["value_dim"] == values.get("key_dim")
    return Converted({"value_dim": None}) if same else None


class Attention(Weighted, frozen=True):
    """Scaled dot-product attention of several heads: (C, L) -> (C, L), or queries (C, L), memory (C', M) -> (C, L).

    Each position of the queries reads the positions of the memory, or of the sequence itself, with weights
    softmax(q k / √D), where D is the size of a head. Projections `qkv` give queries, keys and values, in this order;
    `out` projects the heads' results, one after the other. For two inputs, `q` and `kv` take the place of `qkv`.
    """

    arity = (1, 2)
    leading = ("heads",)
    shape_rule = "(C, L) -> (C, L), or queries (C, L), memory (C', M) -> (C, L)"
    failing = SEQUENCE_HEAD + "  attention1: {op: attention, heads: 3, weight_init: he_normal}\n"
    corrected = SEQUENCE_HEAD + "  attention1: {op: attention, heads: 2, weight_init: he_normal}\n"
    other_names = (
        *("MultiheadAttention", "MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention"),
        *("self_attention", "cross_attention", "MultiHeadSelfAttention", "mha", "attn", "CausalSelfAttention"),
    )
    other_field_names: ClassVar[OtherNames] = {
        "heads": ("num_heads", "n_heads", "nhead", "n_head", "num_attention_heads", "num_query_heads"),
        "kv_heads": ("num_kv_heads", "n_kv_heads", "num_key_value_heads"),
        "head_dim": ("key_dim", "d_head", "head_size", "dim_head"),
        "causal": ("is_causal", "use_causal_mask"),
        "bias": ("use_bias", "qkv_bias", "attention_bias"),
    }
    loose_names = ("qkv_bias", "attention_bias")
    conversions = (Conversion(("value_dim", "key_dim"), _value_dim),)
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(_CHANNELS, Needless(INFERRED, inferred=channels_of)),
        "batch_first": Needless("the batch is the first axis in every backend", (True, False)),
        **dict.fromkeys(
            ("dropout", "attention_dropout", "attn_drop", "dropout_rate"),
            Needless("its weights are not dropped", (0, 0.0)),
        ),
        **dict.fromkeys(("add_bias_kv", "add_zero_attn"), Needless("it adds no position to the memory", (False,))),
        "need_weights": Needless("it gives only its output", (False,)),
        "use_scale": Needless("products are divided by √D", (True,)),
        "flash_attention": Needless("it changes no value", (None, True, False)),
        "attention_axes": Needless("it attends over positions", (None, 1)),
        "output_shape": Needless("its output has the channels of its queries", (None,)),
    }
    sequence_order = "last"
    copies_turned = True
    splits = False
    element_ops_words = "the biases; for each head, 6 M - 2 at each position that reads M, for the scaled softmax"
    kept_words = "its input, the queries, keys and values, the heads' results, and 4 bytes per head and position"
    op: Literal["attention"]
    heads: Count = Field(description="Number of heads. Each reads channels / heads values, unless `head_dim` is set.")
    causal: bool = Field(
        default=False, description="Whether a position reads only itself and earlier ones, as in a language model."
    )
    kv_heads: Count | None = Field(
        default=None,
        description="Number of heads of keys and values, each shared by heads / kv_heads heads of queries "
        "(grouped-query attention); as many as `heads` if it is left out.",
    )
    head_dim: Count | None = Field(default=None, description="Size of a head; channels / heads if it is left out.")
    bias: bool = Field(default=True, description="Whether every projection adds a learned bias.")

    @property
    def _kv(self) -> int:
        return self.kv_heads or self.heads

    def dim(self, x: Tensor) -> int:
        """The size of a head for queries of these channels."""
        return self.head_dim or x.channels // self.heads

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        for x in inputs:
            require_sequence(self, x)
        x, memory = inputs[0], inputs[-1]
        if self.heads % self._kv:
            raise ShapeError(
                "kv_heads",
                "ARC105",
                f"{{name}}'s {self.heads} heads do not split over {self._kv} heads of keys and values",
                notes=(f"{self.heads} / {self._kv} is not whole",),
                help=f"use a `kv_heads` that divides {self.heads}",
                also="heads",
            )
        if self.head_dim is None and x.channels % self.heads:
            raise ShapeError(
                "heads",
                "ARC105",
                f"{{name}}'s {x.channels} channels do not split into {self.heads} heads",
                notes=(f"{x.channels} / {self.heads} is not whole",),
                help=f"use a number of heads that divides {x.channels}, or set `head_dim`",
            )
        if self.causal and memory.length != x.length:
            raise ShapeError(
                "causal",
                "ARC105",
                f"{{name}} is causal, but has {x.length} positions of queries and {memory.length} of memory",
                notes=("which positions are earlier is defined for equal lengths only",),
                help="delete `causal`",
            )
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        x, memory = (each.swapaxes(1, 2) for each in (inputs[0], inputs[-1]))
        dim = len(weights["out.weight"].T) // self.heads
        ends = [self.heads * dim, (self.heads + self._kv) * dim]
        if len(inputs) == 1:
            q, k, v = np.split(_project(x, weights, "qkv"), ends, axis=2)
        else:
            q = _project(x, weights, "q")
            k, v = np.split(_project(memory, weights, "kv"), 2, axis=2)
        results: list[Array] = []
        for head in range(self.heads):
            shared = head * self._kv // self.heads
            own, of = (slice(at * dim, (at + 1) * dim) for at in (head, shared))
            scores = q[:, :, own] @ k[:, :, of].swapaxes(1, 2) / dim**0.5
            if self.causal:
                scores = np.where(np.tri(*scores.shape[1:], dtype=bool), scores, -np.inf)
            powers = np.exp(scores - scores.max(2, keepdims=True))
            results.append(powers / powers.sum(2, keepdims=True) @ v[:, :, of])
        return _project(np.concatenate(results, axis=2), weights, "out").swapaxes(1, 2)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        x, memory = inputs[0], inputs[-1]
        queries, keys = self.heads * self.dim(x), self._kv * self.dim(x)
        shapes = {"qkv": (queries + 2 * keys, x.channels)}
        if len(inputs) > 1:
            shapes = {"q": (queries, x.channels), "kv": (2 * keys, memory.channels)}
        found: list[Parameter] = []
        for name, (units, read) in {**shapes, "out": (x.channels, queries)}.items():
            found.append(Parameter(f"{name}.weight", (units, read), read, fan_out=units))
            found += [Parameter(f"{name}.bias", (units,), read)] if self.bias else []
        return tuple(found)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """The projections of each position, and the products of queries with keys and of their weights with values."""
        x, memory = inputs[0], inputs[-1]
        queries, keys = self.heads * self.dim(x), self._kv * self.dim(x)
        projections = 2 * x.length * x.channels * queries + 2 * memory.length * memory.channels * keys
        return projections + 2 * x.length * memory.length * queries

    def backward_macs(self, inputs: tuple[Tensor, ...], macs: int, *, learns: bool, reads_learned: bool) -> int:
        """Of each product both factors depend on weights, but for the inputs of the first projections."""
        x, memory = inputs[0], inputs[-1]
        queries, keys = self.heads * self.dim(x), self._kv * self.dim(x)
        first = x.length * x.channels * queries + 2 * memory.length * memory.channels * keys
        return 2 * macs - (0 if reads_learned else first)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """The biases, and per head and position of queries, those of a softmax over the memory and of its scale."""
        x, memory = inputs[0], inputs[-1]
        queries, keys = self.heads * self.dim(x), self._kv * self.dim(x)
        biases = x.length * (queries + x.channels) + 2 * memory.length * keys
        return (biases if self.bias else 0) + self.heads * x.length * (6 * memory.length - 2)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """What a fused attention keeps: it computes the weights again in the backward pass."""
        x, memory = inputs[0], inputs[-1]
        queries, keys = self.heads * self.dim(x), self._kv * self.dim(x)
        between = 2 * x.length * queries + 2 * memory.length * keys
        return Kept(inputs=True, between=between, own=FLOAT32 * self.heads * x.length)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """A position depends on all positions."""
        return None

    def reach(self) -> Reach:
        return Reach(groups=1)

    def reads_words(self, x: Tensor) -> str:
        return f"each channel reads all {x.channels} channels"

    def summary(self) -> str:
        heads = f"{self.heads} head{'s' if self.heads > 1 else ''}"
        shared = f" on {self._kv}" if self._kv != self.heads else ""
        return f"{heads}{shared}{', causal' if self.causal else ''}"


def _project(x: Array, weights: Mapping[str, Array], name: str) -> Array:
    """W x + b of each position of (N, L, C)."""
    return x @ weights[f"{name}.weight"].T + weights.get(f"{name}.bias", 0)
