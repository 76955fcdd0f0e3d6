"""The product of layers, as at a gate (Hochreiter and Schmidhuber 1997) or in squeeze-and-excitation
(Hu et al., arXiv 1709.01507)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Chosen, Needless, NeedlessFields
from archc.ops.op import Op
from archc.ops.properties import FLOAT32, Kept, Scratch
from archc.ops.shape_error import ShapeError
from archc.ops.unequal import unequal
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_PRODUCTS = ("PROD", "prod", "mul", 0)


def _is_product(values: Mapping[str, Any]) -> bool:
    return values.get("operation") in _PRODUCTS


def is_factor_of(x: Tensor, whole: Tensor) -> bool:
    """Whether `x` has one value for each map of `whole`: (C, 1, 1), or a vector (C,)."""
    return x.channels == whole.channels and len(x.shape) in (1, len(whole.shape)) and x.size == x.channels


class Multiply(Op, frozen=True):
    """The product of two or more inputs, value by value.

    The inputs have equal shapes, or one value for each map of the others: (C, 1, 1) or a vector (C,).
    """

    arity = (2, None)
    shape_rule = "equal shapes, or (C, H, W) and one value per map, (C, 1, 1) or (C,) -> the largest of them"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  gate: {op: multiply, from: [image, pool1]}\n"
    corrected = HEAD + "  open: {op: sigmoid}\n  gate: {op: multiply, from: [image, open]}\n"
    other_names = (
        *("mul", "product", "prod", "times", "elementwise_mul", "elemwise_mul", "broadcast_mul", "scale_channels"),
        "sam",
    )
    reads_before = ("scale_channels", "sam")
    chosen: ClassVar[Chosen] = {"Eltwise": _is_product}
    needless: ClassVar[NeedlessFields] = {
        "operation": Needless("its inputs are multiplied", _PRODUCTS),
        "mode": Needless("its inputs are multiplied", ("mul",)),
        "scale_wh": Needless("an input of one value per map is repeated over its places", (0,)),
    }
    operator = "*"
    output_sign = "kept"
    keeps_zeros = True
    multiplies = True
    commutes = True
    folds = True
    element_ops_words = "one less than its inputs"
    kept_words = "each input for the gradients of the others; of three or more, also the product so far"
    op: Literal["multiply"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        whole = max(inputs, key=lambda x: (len(x.shape), x.size))
        others = [x for x in inputs if x != whole and not is_factor_of(x, whole)]
        if not others:
            return whole
        at = inputs.index(others[0])
        message = f"{{name}} multiplies inputs of different shapes: {', '.join(map(str, inputs))}"
        if whole.is_maps and others[0].size == others[0].channels:
            count = f"{{{at}}} has {others[0].channels} values, and {{{inputs.index(whole)}}} {whole.channels} maps"
            help = f"give {{{at}}} {whole.channels} values, one for each map"
            raise ShapeError("from", "ARC204", message, notes=(count,), help=help)
        raise unequal(message, inputs, channels=True)

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        axes = max(x.ndim for x in inputs)
        first, *others = (x.reshape(*x.shape, *[1] * (axes - x.ndim)) for x in inputs)
        for other in others:
            first = first * other
        return first

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Each of two inputs, for the gradient of the other."""
        return Kept(inputs=True, crosswise=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """The gradient of a value per map before its sum over the places."""
        is_summed = any(x.size < output.size for x in inputs)
        return Scratch(backward=output.size * (FLOAT32 // 2 if narrow else FLOAT32) if is_summed else 0)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """One multiplication per value for each input but the first."""
        return (len(inputs) - 1) * output.size
