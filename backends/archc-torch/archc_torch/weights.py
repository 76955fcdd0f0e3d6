"""A model's weights as every backend saves them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from archc.files import write_whole

STATISTICS = {"running_mean": "mean", "running_var": "variance"}
"""What the language calls PyTorch's buffers of a batch normalisation."""


def canonical(model: nn.Module, renamed: Mapping[str, str]) -> dict[str, Tensor]:
    """The trained arrays and running figures by their names in every backend, contiguous float32 on the CPU.

    `renamed` are the spec's layers that the model calls otherwise, with those names.
    """
    in_spec = {module: layer for layer, module in renamed.items()}
    found: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        module, _, kind = name.rpartition(".")
        if kind != "num_batches_tracked":
            place = f"{in_spec.get(module, module)}.{STATISTICS.get(kind, kind)}"
            found[place] = value.to("cpu", torch.float32).contiguous()
    return found


def save(model: nn.Module, path: Path, renamed: Mapping[str, str]) -> None:
    """Write a model's weights as safetensors; until all of them are on disk, whatever was there stays."""
    # Not safetensors' own save_file, whose files only their owner can read.
    write_whole(path, to_bytes(canonical(model, renamed)))
