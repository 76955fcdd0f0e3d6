"""The squares of gradients, by which the norm of each layer's follows, also where each rank has a part of a layer."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def squares_of(module: Any, model: nn.Module, ranks: int) -> dict[str, Tensor]:
    """The sum of the squares of each parameter's gradient, (1,) in float64: summed over all ranks, of the whole one.

    `module` is the emitted file. What all ranks have counts once.
    """
    has_parts = hasattr(module, "axis")
    return {
        name: _square(parameter) / (1 if has_parts and module.axis(name) is not None else ranks)
        for name, parameter in model.named_parameters()
    }


def _square(parameter: Tensor) -> Tensor:
    if parameter.grad is None:
        return torch.zeros(1, dtype=torch.float64, device=parameter.device)
    return torch.linalg.vector_norm(parameter.grad, dtype=torch.float64).square().reshape(1)
