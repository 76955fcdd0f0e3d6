"""The sum of layers, as at the end of a residual block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from archc.example import HEAD
from archc.ops.equal_inputs import EqualInputs
from archc.ops.foreign import Excluded, Needless, NeedlessFields, spelled
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_SUMS = ("SUM", "sum", "add", 1)


def _not_a_sum(values: Mapping[str, Any]) -> str | None:
    """Caffe's `Eltwise` is a sum by default, with a coefficient of 1 for each input."""
    operation, coefficients = values.get("operation"), cast(object, values.get("coeff"))
    if operation not in (None, *_SUMS):
        return f"operation: {spelled(operation)}"
    match coefficients:
        case None | 1:
            return None
        case list() if coefficients and all(one == 1 for one in cast(list[object], coefficients)):
            return None
        case _:
            return f"coeff: {spelled(coefficients)}"


class Add(EqualInputs, frozen=True):
    """The sum of two or more inputs of equal shape, element by element."""

    verb = "adds"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  sum1: {op: add, from: [image, pool1]}\n"
    corrected = HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n"
    other_names = ("sum", "Eltwise", "shortcut", "residual", "elementwise_add", "elemwise_add", "plus")
    loose_names = ("residual",)
    operator = "+"
    reads_before = ("shortcut",)
    excluded: ClassVar[Excluded] = {"Eltwise": _not_a_sum}
    needless: ClassVar[NeedlessFields] = {
        "operation": Needless("its inputs are summed", _SUMS),
        # Of other ones, the layer is not a sum.
        "coeff": Needless("its inputs are summed as they are", (1, [1], [1, 1], [1, 1, 1], [1, 1, 1, 1])),
        "mode": Needless("its inputs are summed", ("sum", "add")),
    }
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    commutes = True
    folds = True
    element_ops_words = "one less than its inputs"
    kept_words = "nothing"
    sequence_order = "any"
    keeps_layout = True
    passes_gradient = "same"
    op: Literal["add"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.sum(inputs, axis=0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: every input has the gradient of the sum."""
        return Kept()
