"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from archc_torch.parameters import in_spec


def canonical(model: nn.Module, renamed: Mapping[str, str]) -> dict[str, Tensor]:
    """The trained arrays and running statistics by the spec's names, as contiguous float32 on the CPU.

    `renamed` maps the name in the spec of each renamed layer to its name in the model.
    """
    return {
        in_spec(name, renamed): value.to("cpu", torch.float32).contiguous()
        for name, value in model.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


def as_bytes(model: nn.Module, renamed: Mapping[str, str]) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    return to_bytes(canonical(model, renamed))
