"""Dropout (Hinton et al., arXiv 1207.0580)."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.fields import Rate
from archc.ops.op import Op


class Dropout(Op, frozen=True):
    """While training, each value is zero with probability `rate`, the others divided by 1 - rate; else the identity."""

    op: Literal["dropout"]
    rate: Rate

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def summary(self) -> str:
        return f"rate {self.rate:g}"
