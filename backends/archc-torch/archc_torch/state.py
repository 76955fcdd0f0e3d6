"""What a rank's next step depends on, kept as bytes: weights, the optimizer's numbers, the generators' states."""
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import torch
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from archc.training.saver import State
from archc_torch.parameters import in_spec
from archc_torch.weights import as_bytes, whole_state

GROUPS = "groups"


def state_of(
    module: Any,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    renamed: Mapping[str, str],
    rank: int,
    ranks: int,
) -> State | None:
    """The state of the whole network on the first rank; None on the others. `module` is the emitted file."""
    weights = whole_state(module, model.state_dict(), rank, ranks)
    kept = {name: optimizer.state.get(p, {}) for name, p in model.named_parameters()}
    arrays: dict[str, Tensor] = {}
    for key in sorted({key for own in kept.values() for key, value in own.items() if isinstance(value, Tensor)}):
        own = {name: values[key] for name, values in kept.items() if key in values}
        whole = whole_state(module, own, rank, ranks) or {}
        arrays |= {f"{in_spec(name, renamed)}:{key}": value.cpu().contiguous() for name, value in whole.items()}
    if weights is None:
        return None
    random: dict[str, Any] = {**_random(model), GROUPS: _numbers(optimizer)}
    return State(as_bytes(weights, renamed), to_bytes(arrays), random)


def restore(
    state: State,
    module: Any,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    renamed: Mapping[str, str],
    rank: int,
    ranks: int,
) -> None:
    """Put a state of the whole network into this rank's model and optimizer, and into the generators."""
    saved = from_bytes(state.weights)
    names = {name: in_spec(name, renamed) for name in model.state_dict()}
    own = _part(module, {name: saved[key] for name, key in names.items() if key in saved}, rank, ranks)
    missing = model.load_state_dict(own, strict=False).missing_keys
    assert all(name.endswith("num_batches_tracked") for name in missing), missing

    kept = from_bytes(state.optimizer)
    for key in sorted({name.rpartition(":")[2] for name in kept}):
        places = {name: f"{in_spec(name, renamed)}:{key}" for name, _ in model.named_parameters()}
        own = _part(module, {name: kept[place] for name, place in places.items() if place in kept}, rank, ranks)
        for name, p in model.named_parameters():
            if name in own:
                value = own[name]
                # In the parameter's own layout; a number, such as that of the steps, stays where the optimizer has it.
                optimizer.state[p][key] = torch.empty_like(p).copy_(value) if value.shape == p.shape else value
    groups: Any = state.random[GROUPS]
    for group, numbers in zip(optimizer.param_groups, groups, strict=True):
        group |= numbers

    torch.set_rng_state(_generator(state.random["cpu"]))
    if "cuda" in state.random and torch.cuda.is_available():
        torch.cuda.set_rng_state(_generator(state.random["cuda"]))


def _part(module: Any, whole: dict[str, Tensor], rank: int, ranks: int) -> dict[str, Tensor]:
    """A rank's part of arrays of the whole network."""
    return module.column(whole, rank, ranks) if hasattr(module, "column") else whole


def _random(model: nn.Module) -> dict[str, Any]:
    """The states of the generators, which are the same on all ranks."""
    found = {"cpu": _text(torch.get_rng_state())}
    if any(p.is_cuda for p in model.parameters()):
        found["cuda"] = _text(torch.cuda.get_rng_state())
    return found


def _numbers(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """The numbers of the groups of parameters, some of which an optimizer changes."""
    plain = (int, float)
    return [
        {key: value for key, value in group.items() if isinstance(value, plain) and not isinstance(value, bool)}
        for group in optimizer.param_groups
    ]


def _text(state: Tensor) -> str:
    return base64.b64encode(state.numpy().tobytes()).decode("ascii")


def _generator(text: Any) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
