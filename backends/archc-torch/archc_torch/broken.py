"""Where a value was not finite first in a step: in which layer's output, or else in which parameter's gradient."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from archc_torch.parameters import in_spec

NOWHERE = 2**31 - 1


def first_broken(
    model: nn.Module, parts: Iterable[tuple[Tensor, ...]], renamed: Mapping[str, str], ranks: int
) -> str | None:
    """What was not finite first: `an output of conv2`. Call it on all ranks, with the gradients of the step.

    `parts` are the inputs of each part of the batch.

    The forward pass is computed again, and leaves no trace: the weights are those of the step, and so are the running
    statistics afterwards.
    """
    finite: dict[str, bool] = {}
    for inputs in parts:
        finite = {name: is_finite and finite.get(name, True) for name, is_finite in _outputs(model, inputs).items()}
    places = [f"an output of {_layer(name, renamed)}" for name in finite]
    found = [not each for each in finite.values()]
    gradients = [(name, p.grad) for name, p in reversed([*model.named_parameters()]) if p.grad is not None]
    places += [f"the gradient of {in_spec(name, renamed)}" for name, _ in gradients]
    found += [not bool(gradient.isfinite().all()) for _, gradient in gradients]
    first = torch.tensor(found.index(True) if any(found) else NOWHERE, device=next(model.parameters()).device)
    if ranks > 1:
        dist.all_reduce(first, dist.ReduceOp.MIN)
    return places[int(first)] if first < NOWHERE else None


@torch.no_grad()
def _outputs(model: nn.Module, inputs: tuple[Tensor, ...]) -> dict[str, bool]:
    """Whether the output of each module is finite, in the order of computation."""
    found: dict[str, bool] = {}
    kept = [buffer.clone() for buffer in model.buffers()]

    def look(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            values = output if isinstance(output, Tensor) else output[0]  # a recurrent layer gives its state as well
            found[name] = found.get(name, True) and bool(values.isfinite().all())

        return hook

    hooks = [module.register_forward_hook(look(name)) for name, module in model.named_modules() if name]
    try:
        with torch.random.fork_rng():
            model(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
        for buffer, value in zip(model.buffers(), kept, strict=True):
            buffer.copy_(value)
    return found


def _layer(module: str, renamed: Mapping[str, str]) -> str:
    return in_spec(f"{module}.weight", renamed).rpartition(".")[0]
