"""Concatenation of channels or units."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import Op
from archc.ops.properties import Kept
from archc.ops.unequal import unequal
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_SIZES = {"maps": "height or width", "sequence": "length", "vector": "kind", "tokens": "kind"}


class Concat(Op, frozen=True):
    """(C1, H, W), (C2, H, W), … -> (C1 + C2 + …, H, W), or the same for sequences and vectors."""

    arity = (2, None)
    shape_rule = "(C1, H, W), (C2, H, W), … -> (C1 + C2 + …, H, W), or the same for sequences and vectors"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  join1: {op: concat, from: [image, pool1]}\n"
    corrected = HEAD + "  relu1: {op: relu}\n  join1: {op: concat, from: [image, relu1]}\n"
    other_names = ("concatenate", "cat", "route", "depth_concat", "filter_concat", "join")
    loose_names = ("join", "route")  # darknet's `route` of one layer only reads it
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("axis", "dim", "concat_dim"), Needless("the maps or units of its inputs are joined", (1, -3))),
        "mode": Needless("its inputs are joined", ("concat", "cat")),
    }
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "none"
    kept_words = "nothing"
    sequence_order = "any"
    passes_gradient = "view"
    op: Literal["concat"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len({x.shape[1:] for x in inputs}) > 1:
            shapes = ", ".join(map(str, inputs))
            raise unequal(
                f"{{name}} joins inputs of different {_SIZES[inputs[0].kind]}: {shapes}", inputs, channels=False
            )
        return Tensor((sum(x.channels for x in inputs), *inputs[0].shape[1:]))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.concatenate(inputs, axis=1)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient is split where the values were joined."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps of each input that end up in `part`."""
        starts = accumulate((x.channels for x in inputs), initial=0)
        return tuple(
            range(min(max(part.start - start, 0), x.channels), min(max(part.stop - start, 0), x.channels))
            for start, x in zip(starts, inputs, strict=False)
        )
