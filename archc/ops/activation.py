"""What pointwise activations share: each value is mapped by itself, and the shape stays."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from archc.ops.op import Op
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Activation(Op, frozen=True):
    """A nonlinear function of each value by itself.

    By default one operation per value, and the backward pass computes from the output, which the next layer often keeps
    anyway. A subclass may override both.
    """

    per_value: ClassVar[int] = 1
    """Element operations per value."""

    shape_rule = "any shape -> the same shape"
    keeps_shape = True
    sequence_order = "any"
    keeps_layout = True
    is_activation = True
    element_ops_words = "1"
    kept_words = "its output"

    @abstractmethod
    def value(self, x: Array) -> Array:
        """The function, for values of any shape in NumPy float64."""

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return self.value(inputs[0])

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(output=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        return self.per_value * output.size


class KeepsInput(Activation, frozen=True):
    """An activation whose backward pass computes from its input."""

    kept_words = "its input"

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(inputs=True)
