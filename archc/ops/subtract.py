"""The difference of two layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from archc.example import HEAD
from archc.ops.equal_inputs import EqualInputs
from archc.ops.foreign import Chosen, Needless, NeedlessFields
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _is_difference(values: Mapping[str, Any]) -> bool:
    """Caffe's `Eltwise` is a sum by default, with a coefficient for each input."""
    return values.get("operation") in (None, "SUM", 1) and values.get("coeff") == [1, -1]


class Subtract(EqualInputs, frozen=True):
    """The first input less the second, value by value: both have the same shape."""

    arity = (2, 2)
    verb = "subtracts"
    failing = HEAD + "  less: {op: subtract, from: image}\n"
    corrected = HEAD + "  tanh1: {op: tanh}\n  less: {op: subtract, from: [image, tanh1]}\n"
    other_names = ("sub", "minus", "difference", "elementwise_sub", "elemwise_sub", "broadcast_sub")
    chosen: ClassVar[Chosen] = {"Eltwise": _is_difference}
    needless: ClassVar[NeedlessFields] = {
        "operation": Needless("the second input is subtracted from the first", ("SUM", 1)),
        "coeff": Needless("the second input is subtracted from the first", ([1, -1],)),
    }
    operator = "-"
    is_linear = True
    keeps_zeros = True
    element_ops_words = "1"
    kept_words = "nothing"
    passes_gradient = "first"
    sequence_order = "any"
    op: Literal["subtract"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        first, second = inputs
        return first - second

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the first input has the gradient of the difference, and the second its negative."""
        return Kept()
