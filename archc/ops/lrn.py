"""Local response normalisation, between maps or within a map (Krizhevsky et al. 2012, section 3.3)."""

from __future__ import annotations

from typing import Literal

from archc.graph import Tensor
from archc.ops.fields import Count, NotNegative, Positive
from archc.ops.op import Op, Reach, ShapeError, require_maps


class Lrn(Op, frozen=True):
    """y = x / (k + alpha/n * sum of squares over the window)^beta: (C, H, W) -> (C, H, W).

    `scope: channels` sums over `size` neighbouring maps, n = size; `scope: spatial` over size x size places of one
    map, n = size squared. `groups` keeps the window inside each part of the maps. The convention of ONNX, Caffe,
    PyTorch and cuda-convnet; TensorFlow's own does not divide alpha.
    """

    op: Literal["lrn"]
    size: Count
    alpha: NotNegative
    beta: Positive
    k: Positive
    scope: Literal["channels", "spatial"] = "channels"
    groups: Count = 1

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        if x.channels % self.groups:
            raise ShapeError(
                "groups",
                "ARC210",
                f"the {x.channels} maps that {{name}} reads do not split into {self.groups} groups",
                notes=(f"{x.channels} / {self.groups} is not whole",),
            )
        return x

    def summary(self) -> str:
        maps = "1 map" if self.size == 1 else f"{self.size} maps"
        window = maps if self.scope == "channels" else f"{self.size} × {self.size}"
        return window + (f", {self.groups} groups" if self.groups > 1 else "")

    def reach(self) -> Reach:
        if self.scope == "spatial" or self.size == 1:
            return Reach()
        return Reach(groups=self.groups, neighbours=self.size // 2)
