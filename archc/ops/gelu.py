"""Gaussian error linear unit (Hendrycks and Gimpel, arXiv 1606.08415)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.foreign import OtherValues, UsualValues, switched
from archc.ops.op import OtherNames
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_TANH = ("gelu_tanh", "gelu_new", "gelu_pytorch_tanh", "gelu_approximate", "gelu_fast")


def _exact(values: Mapping[str, Any]) -> str:
    return "exact"


def _by_tanh(values: Mapping[str, Any]) -> str:
    return "tanh"


class Gelu(KeepsInput, frozen=True):
    """x P(X <= x) for a normally distributed X, each value by itself: any shape -> the same shape.

    With `form: exact`, x (1 + erf(x / sqrt(2))) / 2. With `form: tanh`, the paper's approximation,
    x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, which differs by at most 5e-4.
    """

    failing = HEAD + "  gelu1: {op: gelu}\n"
    corrected = HEAD + "  gelu1: {op: gelu, form: exact}\n"
    spoken = "GELU"
    other_names = _TANH
    other_field_names: ClassVar[OtherNames] = {"form": ("approximate", "approximation")}
    other_values: ClassVar[OtherValues] = {"form": {"none": "exact", "erf": "exact"}}
    conversions = (switched("approximate", "form", {True: "tanh", False: "exact"}),)
    usual: ClassVar[UsualValues] = {"GELU": {"form": _exact}, **{name: {"form": _by_tanh} for name in _TANH}}
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    element_ops_words = "5; with `form: tanh`, 8"
    op: Literal["gelu"]
    form: Literal["exact", "tanh"] = Field(
        description="`exact` is by the error function, as by default in PyTorch and in Keras; `tanh` is the paper's "
        "approximation, as in BERT's and GPT-2's first code."
    )

    def value(self, x: Array) -> Array:
        import math

        import numpy as np

        if self.form == "tanh":
            return x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
        return x * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))) / 2

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """A division by a constant, the error function, an addition, a product, a half; or the eight of the tanh."""
        return (8 if self.form == "tanh" else 5) * output.size

    def summary(self) -> str:
        return self.form
