"""A training step of the emitted PyTorch AlexNet against the same with `nn.LocalResponseNorm`.

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


if __name__ == "__main__":
    source = emitted("torch")
    ours, theirs = step(source.Alexnet()), step(by_hand(source.Alexnet()))
    compare(ours, theirs, rounds=ROUNDS, what=f"PyTorch, a step of {BATCH}")
