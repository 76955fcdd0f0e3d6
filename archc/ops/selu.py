"""Scaled exponential linear unit (Klambauer et al., arXiv 1706.02515)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.foreign import Needless, NeedlessFields

if TYPE_CHECKING:
    from archc.ops.op import Array


_ALPHA, _SCALE = 1.6732632423543772, 1.0507009873554805
_GIVEN = "its alpha and its scale are those of the paper"


class Selu(KeepsInput, frozen=True):
    """s x where x is positive, and s a (exp(x) - 1) elsewhere, each value by itself: any shape -> the same shape.

    a = 1.67326… and s = 1.05070… keep a mean of 0 and a variance of 1 from layer to layer.
    """

    failing = HEAD + "  selu1: {op: selu, inplace: true}\n"
    corrected = HEAD + "  selu1: {op: selu}\n"
    spoken = "SELU"
    other_names = ("scaled_exponential_linear_unit",)
    needless: ClassVar[NeedlessFields] = {
        "alpha": Needless(_GIVEN, (_ALPHA, 1.67326, 1.6733, 1.67326319217681884765625)),
        "gamma": Needless(_GIVEN, (_SCALE, 1.0507, 1.05070102214813232421875)),
        "scale": Needless(_GIVEN, (_SCALE, 1.0507)),
    }
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    per_value = 5
    element_ops_words = "5"
    op: Literal["selu"]

    def value(self, x: Array) -> Array:
        import numpy as np

        return _SCALE * np.where(x > 0, x, _ALPHA * np.expm1(x.clip(max=0)))
