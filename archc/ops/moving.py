"""What ops share that only move values: each output is one of the inputs."""

from __future__ import annotations

from archc.ops.op import Op
from archc.ops.properties import Kept
from archc.tensor import Tensor


class Moving(Op, frozen=True):
    """An op that only moves values: each output is one of the inputs."""

    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "none"
    kept_words = "nothing"

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: values are only moved."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0
