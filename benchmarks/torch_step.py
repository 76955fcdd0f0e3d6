"""The emitted PyTorch AlexNet against the same with `nn.LocalResponseNorm`: a training step, and norm1 alone.

.venv/bin/python benchmarks/torch_step.py
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from emitted import emitted
from ratio import compare
from torch import nn

BATCH, ROUNDS = 32, 5


def by_hand(model: nn.Module) -> nn.Module:
    """The network with PyTorch's own normalisation, which costs the same with and without groups."""
    for name in ("norm1", "norm2"):
        setattr(model, name, nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2))
    return model


def step(model: nn.Module) -> Callable[[], object]:
    """One step on random pictures, channels last."""
    model = model.to(memory_format=torch.channels_last)
    images = torch.randn(BATCH, 3, 227, 227).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(1000, (BATCH,))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)

    def run() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return run


def alone(norm: nn.Module) -> Callable[[], object]:
    """Forward and backward of one layer on what conv1 gives."""
    maps = torch.randn(BATCH, 96, 55, 55).contiguous(memory_format=torch.channels_last).requires_grad_()
    upstream = torch.randn_like(maps)
    return lambda: norm(maps).backward(upstream)


if __name__ == "__main__":
    source = emitted("torch")
    ours, theirs = source.Alexnet(), by_hand(source.Alexnet())
    compare(step(ours), step(theirs), rounds=ROUNDS, what=f"PyTorch, a step of {BATCH}")
    ours, theirs = (alone(model.get_submodule("norm1")) for model in (ours, theirs))
    compare(ours, theirs, rounds=ROUNDS, what="norm1 alone, forward and backward")
