"""What normalisations by a mean and a deviation share: the epsilon, a learned weight, a learned bias."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from archc.ops.fields import Positive
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields
from archc.ops.op import INFERRED, Op, OtherNames, channels_of
from archc.ops.properties import FLOAT32, Kept, Parameter
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

EPSILON_NAMES = ("eps", "variance_epsilon")
_AFFINE = ("affine", "elementwise_affine")


def _neither(word: str, values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's `affine: false` is neither a weight nor a bias, whatever its `bias` is."""
    if values[word] is not False:
        return None
    if "bias" in values:
        return Converted({word: ("scale", False), "bias": ("bias", False)})
    return Converted({word: ("scale", False)}, also={"bias": False})


def affine(y: Array, weights: Mapping[str, Array]) -> Array:
    """Values (N, C, …) times the weight, if there is one, plus the bias: either for each channel, or for each value."""
    shaped = {
        name: weights[name].reshape(*weights[name].shape, *[1] * (y.ndim - 1 - weights[name].ndim))
        for name in ("weight", "bias")
        if name in weights
    }
    return y * shaped.get("weight", 1) + shaped.get("bias", 0)


class Normalising(Op, frozen=True):
    """Values less a mean, divided by a deviation, times a learned weight, plus a learned bias."""

    shape_rule = "any shape -> the same shape"
    other_field_names: ClassVar[OtherNames] = {"epsilon": EPSILON_NAMES, "bias": ("center",)}
    conversions = tuple(Conversion((word, "bias"), partial(_neither, word)) for word in _AFFINE)
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("num_features", "num_channels"), Needless(INFERRED, inferred=channels_of)),
        **dict.fromkeys(_AFFINE, Needless("it has a weight and a bias", (True,))),
        "beta_initializer": Needless("biases start at 0", ("zeros",)),
        "gamma_initializer": Needless("weights start at 1", ("ones",)),
        **dict.fromkeys(
            ("beta_regularizer", "gamma_regularizer"),
            Needless("`weight_decay` in `train:` applies to all weights", (None,)),
        ),
        **dict.fromkeys(("beta_constraint", "gamma_constraint"), Needless("weights are not constrained", (None,))),
    }
    keeps_shape = True
    epsilon: Positive = Field(
        description="Number added to the variance before the root; PyTorch's default is 1e-5, Keras's 1e-3."
    )
    scale: bool = Field(default=True, description="Whether normalised values are multiplied by a learned weight.")
    bias: bool = Field(default=True, description="Whether a learned bias is added to them.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def learned(self, x: Tensor) -> tuple[int, ...]:
        """The shape of the weight and of the bias; by default, one number for each map or unit."""
        return (x.channels,)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        shape = self.learned(inputs[0])
        # Both are initialised with constants, so that the fan-in is not used.
        weight = [Parameter("weight", shape, fan_in=1, initial=1)] if self.scale else []
        bias = [Parameter("bias", shape, fan_in=1, initial=0)] if self.bias else []
        return (*weight, *bias)

    @property
    def affine_ops(self) -> int:
        """The operations per value by the weight and the bias."""
        return self.scale + self.bias

    def summary(self) -> str:
        without = [word for word, has in (("scale", self.scale), ("bias", self.bias)) if not has]
        return f"no {' or '.join(without)}" if without else ""


class OfExample(Normalising, frozen=True):
    """A normalisation within each example, by the mean and variance of the values in equal parts of it."""

    normalises = "example"
    autocast = "wide"
    element_ops_words = "5, 1 each for weight and bias, and 2 for all values that are normalised together"
    kept_words = "its input, and a mean and a deviation for all values that are normalised together, in float32"

    @abstractmethod
    def count(self, x: Tensor) -> int:
        """The number of values that are normalised together."""

    def standard(self, x: Array, axes: tuple[int, ...]) -> Array:
        """Values less their mean over axes, divided by their deviation."""
        import numpy as np

        return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + self.epsilon)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value: in the sum of the mean, less the mean, its square, in the sum of the variance, over the deviation,
        and what weight and bias add. Per part: plus epsilon, square root."""
        return (5 + self.affine_ops) * output.size + 2 * (output.size // self.count(output))

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, and the mean and deviation of each part, in float32."""
        return Kept(inputs=True, wide=True, own=2 * FLOAT32 * (output.size // self.count(output)))

    def is_turned(self, x: Tensor) -> bool:
        """Whether maps, which have the channels last, are copied with the channels first on a GPU.

        Of one map and of a single pixel, both orders are the same.
        """
        return x.is_maps and x.channels > 1 and x.places > 1

    def require_several(self, x: Tensor, help: str, field: str = "op") -> None:
        """Raise if each value is normalised by itself."""
        if self.count(x) > 1:
            return
        raise ShapeError(
            field,
            "ARC211",
            "{name} normalises each value by itself",
            notes=(f"a value is its own mean, so that all outputs are {'the bias' if self.bias else '0'}",),
            help=help,
        )
