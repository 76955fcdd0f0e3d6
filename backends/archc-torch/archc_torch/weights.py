"""A model's weights as every backend saves them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn


def canonical(model: nn.Module) -> dict[str, Tensor]:
    """The trained arrays by their names in every backend, contiguous float32 on the CPU."""
    return {
        name: parameter.detach().to("cpu", torch.float32).contiguous() for name, parameter in model.named_parameters()
    }


def save(model: nn.Module, path: Path) -> None:
    """Write a model's weights as safetensors; until all of them are on disk, whatever was there stays."""
    part = path.with_name(f"{path.name}.part")
    save_file(canonical(model), part)
    part.replace(path)
