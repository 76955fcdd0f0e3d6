"""Dense (fully connected) layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from archc.example import DENSE_HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import CHANNELS_READ, INFERRED, OtherNames
from archc.ops.properties import Footprint, Kept, Parameter, Reach
from archc.ops.shape_error import require_vector
from archc.ops.weighted import Weighted
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _size_of(x: Tensor) -> tuple[object, ...]:
    return (x.size if x.is_maps else x.channels,)


def _flattens(x: Tensor) -> tuple[object, ...]:
    return (True, False) if x.is_vector else (False,) if x.is_sequence else ()


class Dense(Weighted, frozen=True):
    """W x + b: (n,) -> (units,), or at each position of a sequence, (C, L) -> (units, L)."""

    leading = ("units",)
    shape_rule = "(n,) -> (units,), or at each position of a sequence, (C, L) -> (units, L)"
    failing = DENSE_HEAD + "  fc1: {op: dense, units: 10}\n"
    corrected = DENSE_HEAD + "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n"
    other_names = ("Linear", "InnerProduct", "FullyConnected", "fc", "connected", "affine", "ip", "Gemm")
    other_field_names: ClassVar[OtherNames] = {
        "units": (
            *("out_features", "num_output", "num_outputs", "output", "outputs", "num_units", "n_units", "num_hidden"),
            *("hidden_size", "neurons", "num_neurons", "nodes", "output_size", "output_dim", "out_dim", "features"),
            *("out_channels", "filters", "hidden", "size"),
        ),
    }
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("alpha", "beta", "transB"), Needless("it computes W x + b", (1,))),
        # MXNet's dense layer flattens what it reads, unless it is told not to; of a vector, neither changes anything.
        "flatten": Needless("a layer `{op: flatten}` before it makes maps a vector", (True,), inferred=_flattens),
        "transA": Needless("it computes W x + b", (0,)),
        # It reads a vector: maps have to be flattened first.
        **dict.fromkeys(CHANNELS_READ, Needless(INFERRED, inferred=_size_of)),
    }
    loose_names = ("Gemm", "out_channels", "filters", "hidden", "size", "features")
    is_linear = True
    sequence_order = "last"
    copies_turned = True
    channels_field = "units"
    op: Literal["dense"]
    units: Count = Field(
        description="Number of units: the length of the output vector, or the output channels of a sequence."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if not x.is_sequence:
            require_vector(self, x)
        return Tensor((self.units, *x.shape[1:]))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        products = np.einsum("nc...,uc->nu...", x, weights["weight"])
        return products + (weights["bias"].reshape(-1, *[1] * (x.ndim - 2)) if self.bias else 0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, for the gradient of the weights."""
        return Kept(inputs=True, weights=False)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        fan_in = inputs[0].channels
        weight = Parameter("weight", (self.units, fan_in), fan_in, fan_out=self.units)
        return (weight, Parameter("bias", (self.units,), fan_in)) if self.bias else (weight,)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        return inputs[0].size * self.units  # at each position of a sequence, its channels times the units

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Of a sequence, only the position itself; a unit of a vector depends on every value."""
        return super().footprint(inputs) if inputs[0].is_sequence else None

    def reach(self) -> Reach:
        return Reach(groups=1)

    def reads_words(self, x: Tensor) -> str:
        return f"each unit reads all {x.channels} {'channels' if x.is_sequence else 'values'}"

    def split(self, devices: int) -> Self:
        return self.model_copy(update={"units": self.units // devices})
