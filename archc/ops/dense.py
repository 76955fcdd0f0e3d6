"""Every unit reads every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field

from archc.example import DENSE_HEAD
from archc.ops.fields import Count
from archc.ops.op import Kept, Parameter, Reach, ShapeError
from archc.ops.weighted import Weighted
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Dense(Weighted, frozen=True):
    """W x + b: (n,) -> (units,)."""

    leading: ClassVar[tuple[str, ...]] = ("units",)
    shape_rule: ClassVar[str] = "(n,) -> (units,)"
    failing: ClassVar[str] = DENSE_HEAD + "  fc1: {op: dense, units: 10}\n"
    corrected: ClassVar[str] = DENSE_HEAD + "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n"
    op: Literal["dense"]
    units: Count = Field(description="Length of the output vector.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if len(x.shape) != 1:
            raise ShapeError(
                "op",
                "ARC202",
                f"{{name}} is dense and reads a vector, its input is maps of {x}",
                notes=(f"flattened they are {' × '.join(map(str, x.shape))} = {x.size} values",),
                help="add a layer `{op: flatten}` before it",
            )
        return Tensor((self.units,))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return x @ weights["weight"].T + weights.get("bias", 0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, for the gradient of the weights."""
        return Kept(inputs=True)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        fan_in = inputs[0].size
        weight = Parameter("weight", (self.units, fan_in), fan_in)
        return (weight, Parameter("bias", (self.units,), fan_in)) if self.bias else (weight,)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        return inputs[0].size * self.units

    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def reach(self) -> Reach:
        return Reach(groups=1)

    def split(self, devices: int) -> Self:
        return self.model_copy(update={"units": self.units // devices})
