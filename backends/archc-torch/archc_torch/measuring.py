"""What a rank receives in a training step, counted where PyTorch's collectives are called, and the memory it takes."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from math import ceil
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

from archc.training.result import Exchanged, Peak, Received, most_resident

Pass = Literal["forward", "backward", "outputs", "status"]


class Meter:
    """Counts the bytes that this rank receives, and the collectives, by the pass of the step that takes place.

    `at` names that pass. An all-reduce of n values over r ranks counts as a ring: 2 (r - 1) / r of them.
    """

    def __init__(self) -> None:
        self.at: Pass = "forward"
        self.collectives = 0
        self._bytes = dict.fromkeys(("forward", "backward", "outputs", "status"), Fraction(0))

    @contextmanager
    def counting(self, model: nn.Module) -> Generator[None]:
        """Count within the context; `model` is the emitted network, whose layers may collect an output."""
        collectors = [module for module in model.modules() if getattr(module, "output", False) is True]
        hooks = [module.register_forward_pre_hook(self._enter) for module in collectors]
        hooks += [module.register_forward_hook(self._leave) for module in collectors]
        counted: dict[str, Callable[..., Fraction]] = {
            "all_gather_into_tensor": _gathered,
            "reduce_scatter_tensor": _scattered,
            "all_to_all_single": _swapped,
            "all_reduce": _reduced,
        }
        kept = {name: getattr(dist, name) for name in counted}
        for name, received in counted.items():
            setattr(dist, name, self._counted(kept[name], received))
        try:
            yield
        finally:
            for name, function in kept.items():
                setattr(dist, name, function)
            for hook in hooks:
                hook.remove()

    def exchanged(self) -> Exchanged:
        """The figures of all ranks. Call it on all of them, after the context."""
        own = Received(**{name: ceil(self._bytes[name]) for name in ("forward", "backward", "outputs")})
        every: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(every, own)
        return Exchanged(received=tuple(every), collectives=self.collectives)

    def _counted(self, function: Callable[..., Any], received: Callable[..., Fraction]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.collectives += 1
            self._bytes[self.at] += received(*arguments)
            return function(*arguments, **options)

        return call

    def _enter(self, *_: Any) -> None:
        self.at = "outputs"

    def _leave(self, *_: Any) -> None:
        self.at = "forward"


def peak_of_all(device: torch.device, ranks: int) -> Peak:
    """The most memory that each rank has taken. Call it on all of them."""
    is_gpu = device.type == "cuda"
    own = torch.cuda.max_memory_allocated(device) if is_gpu else most_resident()
    every: list[Any] = [own]
    if ranks > 1:
        every = [None] * ranks
        dist.all_gather_object(every, own)
    return Peak(of="device" if is_gpu else "process", bytes=tuple(every))


def _size(x: Tensor) -> Fraction:
    return Fraction(x.numel() * x.element_size())


def _gathered(out: Tensor, x: Tensor, *_: object) -> Fraction:
    return _size(out) - _size(x)


def _scattered(out: Tensor, x: Tensor, *_: object) -> Fraction:
    return _size(x) - _size(out)


def _reduced(x: Tensor, *_: object) -> Fraction:
    ranks = dist.get_world_size()
    return _size(x) * Fraction(2 * (ranks - 1), ranks)


def _swapped(out: Tensor, _: Tensor, received: Sequence[int], *__: object) -> Fraction:
    # A rank's own part does not leave it. Sizes are in rows of the first axis.
    row = _size(out) / max(len(out), 1)
    return _size(out) - received[dist.get_rank()] * row
