"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from safetensors.torch import save as to_bytes
from torch import Tensor

from archc_torch.parameters import in_spec


def whole_state(module: Any, state: dict[str, Tensor], rank: int, ranks: int) -> dict[str, Tensor] | None:
    """The `state_dict` of the whole network on the first rank; None on the others. `module` is the emitted file.

    `state` is that of this rank, or has other arrays of the same names and shapes. Each rank sends its parts, one
    parameter after the other. What all ranks have is not sent.
    """
    if not hasattr(module, "axis"):
        return state if rank == 0 else None
    states: list[dict[str, Tensor]] = [dict[str, Tensor]() for _ in range(ranks)]
    for name, value in state.items():
        parts = [value] * ranks
        if module.axis(name) is not None and value.ndim:
            parts = [torch.empty_like(value) for _ in range(ranks)]
            dist.gather(value.contiguous(), parts if rank == 0 else None, dst=0)
        for each, part in zip(states, parts, strict=True):
            each[name] = part.cpu()
    return module.whole(states) if rank == 0 else None


def canonical(state: Mapping[str, Tensor], renamed: Mapping[str, str]) -> dict[str, Tensor]:
    """The trained arrays and running statistics by the spec's names, as contiguous float32 on the CPU.

    `renamed` maps the name in the spec of each renamed layer to its name in the model.
    """
    return {
        in_spec(name, renamed): value.to("cpu", torch.float32).contiguous()
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }


def as_bytes(state: Mapping[str, Tensor], renamed: Mapping[str, str]) -> bytes:
    """The weights of a `state_dict` as the bytes of a safetensors file."""
    return to_bytes(canonical(state, renamed))
