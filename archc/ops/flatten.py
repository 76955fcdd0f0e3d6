"""Maps or a sequence to a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import Op
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_ALL = "all axes but that of the batch become one"


class Flatten(Op, frozen=True):
    """All values as one vector, map by map and row by row in every backend: (C, H, W) -> (C H W,), (C, L) -> (C L,)."""

    shape_rule = "(C, H, W) -> (C H W,), or (C, L) -> (C L,) for sequences"
    failing = HEAD + "  flat: {op: flatten}\n  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
    corrected = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  flat: {op: flatten}\n"
    needless: ClassVar[NeedlessFields] = {
        "start_dim": Needless(_ALL, (1,)),
        "end_dim": Needless(_ALL, (-1, 3)),
        "axis": Needless(_ALL, (1,)),
    }
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "none"
    kept_words = "nothing; of maps, it makes a copy"
    passes_gradient = "view"
    op: Literal["flatten"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return Tensor((inputs[0].size,))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0].reshape(len(inputs[0]), -1)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: values are only moved."""
        return Kept()

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Not of larger maps: these are stored channels last, so they are copied map by map."""
        (x,) = inputs
        return not x.is_maps or x.height * x.width == 1 or x.channels == 1

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    # A vector has no positions; a later layer may read any of its values.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None
