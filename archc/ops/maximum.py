"""The largest of layers, value by value, as in a maxout network (Goodfellow et al., arXiv 1302.4389)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from archc.example import HEAD
from archc.ops.equal_inputs import EqualInputs
from archc.ops.foreign import Chosen, Needless, NeedlessFields
from archc.ops.properties import FLOAT32, Kept, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_MAXIMA = ("MAX", "max", 2)


def _is_maximum(values: Mapping[str, Any]) -> bool:
    return values.get("operation") in _MAXIMA


class Maximum(EqualInputs, frozen=True):
    """The largest of the values at each place of two or more inputs of equal shape."""

    verb = "compares"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  most: {op: maximum, from: [image, pool1]}\n"
    corrected = HEAD + "  tanh1: {op: tanh}\n  most: {op: maximum, from: [image, tanh1]}\n"
    other_names = ("elementwise_max", "elemwise_max", "broadcast_maximum", "max")
    loose_names = ("max",)
    chosen: ClassVar[Chosen] = {"Eltwise": _is_maximum}
    needless: ClassVar[NeedlessFields] = {
        "operation": Needless("it gives the largest of its inputs", _MAXIMA),
        "mode": Needless("it gives the largest of its inputs", ("max",)),
    }
    output_sign = "kept"
    keeps_zeros = True
    commutes = True
    folds = True
    element_ops_words = "one less than its inputs"
    kept_words = "its inputs; of three or more, also the largest so far"
    sequence_order = "any"
    op: Literal["maximum"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.max(inputs, axis=0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Both inputs, to compare them again."""
        return Kept(inputs=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Two masks of one byte per value, and half of the gradient, for places where two values are equal."""
        return Scratch(backward=output.size * (2 + (FLOAT32 // 2 if narrow else FLOAT32)))
