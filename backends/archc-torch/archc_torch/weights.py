"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

STATISTICS = {"running_mean": "mean", "running_var": "variance"}
"""The spec language's names for PyTorch's buffers of a batch normalisation."""


def canonical(model: nn.Module, renamed: Mapping[str, str]) -> dict[str, Tensor]:
    """The trained arrays and running statistics by the spec's names, as contiguous float32 on the CPU.

    `renamed` maps the name in the spec of each renamed layer to its name in the model.
    """
    in_spec = {module: layer for layer, module in renamed.items()}
    found: dict[str, Tensor] = {}
    for name, value in model.state_dict().items():
        module, _, kind = name.rpartition(".")
        if kind != "num_batches_tracked":
            place = f"{in_spec.get(module, module)}.{STATISTICS.get(kind, kind)}"
            found[place] = value.to("cpu", torch.float32).contiguous()
    return found


def as_bytes(model: nn.Module, renamed: Mapping[str, str]) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    return to_bytes(canonical(model, renamed))
