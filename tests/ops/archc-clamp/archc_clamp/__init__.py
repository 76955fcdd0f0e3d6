"""The op `clamp`, brought to archc by a distribution of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.activation import Activation
from archc.ops.fields import Positive
from archc.ops.op import OtherNames
from archc.ops.properties import Kept

if TYPE_CHECKING:
    from archc.ops.op import Array
    from archc.tensor import Tensor


class Clamp(Activation, frozen=True):
    """min(max(x, -limit), limit), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  clamp1: {op: clamp, limit: 0}\n"
    corrected = HEAD + "  clamp1: {op: clamp, limit: 1}\n"
    other_names = ("Hardtanh", "clip")
    other_field_names: ClassVar[OtherNames] = {"limit": ("max_val",)}
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "2"
    kept_words = "its input"
    op: Literal["clamp"]
    limit: Positive = Field(description="Largest magnitude of an output.")

    def value(self, x: Array) -> Array:
        return x.clip(-self.limit, self.limit)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Two comparisons per value."""
        return 2 * output.size

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input: where that is beyond the limit, the gradient is zero."""
        return Kept(inputs=True)

    def summary(self) -> str:
        return f"limit {self.limit:g}"
