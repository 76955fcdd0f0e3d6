"""What ops share that compute with the values of several inputs at the same place."""

from __future__ import annotations

from typing import ClassVar

from archc.ops.op import Op
from archc.ops.unequal import unequal
from archc.tensor import Tensor


class EqualInputs(Op, frozen=True):
    """An op whose inputs have equal shapes, which is that of the output too."""

    arity = (2, None)
    shape_rule = "equal shapes -> the same shape"
    verb: ClassVar[str]
    """What it does to its inputs, as in `sum1 adds inputs of different shapes`."""

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len(set(inputs)) > 1:
            shapes = ", ".join(map(str, inputs))
            raise unequal(f"{{name}} {self.verb} inputs of different shapes: {shapes}", inputs, channels=True)
        return inputs[0]

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """One operation per value for each input but the first."""
        return (len(inputs) - 1) * output.size
