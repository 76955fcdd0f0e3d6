"""The norms of the layers' gradients: in which steps of a run they are recorded, and of which layers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, PositiveInt


class GradientNorms(BaseModel):
    """The norm of each layer's gradient is recorded in the first step and in each one whose number `every` divides."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: PositiveInt
    layers: tuple[str, ...] = Field(min_length=1)
    """The layers that are trained, by the spec's names, in the order of the network."""

    def wants(self, step: int) -> bool:
        """Whether they are recorded in a step (from 1)."""
        return step == 1 or step % self.every == 0

    def by_layer(self, squares: Mapping[str, float]) -> dict[str, float]:
        """The norm of each layer, from the sum of the squares of each parameter's gradient, by the spec's names."""
        sums = dict.fromkeys(self.layers, 0.0)
        for name, square in squares.items():
            sums[self._layer(name)] += square
        return {layer: math.sqrt(total) for layer, total in sums.items()}

    def _layer(self, parameter: str) -> str:
        """The layer of a parameter: `attn` of `attn.qkv.weight`."""
        layer = parameter
        while layer not in self.layers:
            layer, dot, _ = layer.rpartition(".")
            assert dot, parameter
        return layer
