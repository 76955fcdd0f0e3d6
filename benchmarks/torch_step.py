"""Times the emitted PyTorch AlexNet. The baselines are the same network with `nn.LocalResponseNorm`, and without LRN.

Each network is timed in eager mode and compiled by `torch.compile`, all in turn.

.venv/bin/python benchmarks/torch_step.py      # on a GPU if there is one
.venv/bin/python benchmarks/torch_step.py 1    # on one thread, in CPU seconds, for a machine with other work
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from emitted import emitted
from ratio import in_turn, ratio
from torch import nn

ROUNDS = 5
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# A GPU needs a larger batch to be busy, and its steps are too short to be timed one by one.
BATCH, STEPS = (128, 20) if DEVICE.type == "cuda" else (64, 1)
NORMS: dict[str, Callable[[], nn.Module] | None] = {
    "emitted": None,
    "by hand": lambda: nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2),  # costs the same with and without groups
    "none": nn.Identity,
}
"""The module that replaces norm1 and norm2 in each network; None keeps the emitted one."""


@dataclass
class Network:
    """One of the networks in one precision, with a batch of images, in channels-last memory format."""

    name: str
    precision: torch.dtype
    is_compiled: bool = False

    def __post_init__(self) -> None:
        source = emitted("torch")
        self.model: nn.Module = source.Alexnet().to(DEVICE, memory_format=torch.channels_last)
        norm = NORMS[self.name]
        if norm:
            self.model.norm1, self.model.norm2 = norm(), norm()
        self.optimizer = (
            torch.optim.SGD(self.model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)
            if norm
            else source.sgd(self.model)
        )
        if self.is_compiled:
            self.model.compile()
        self.images = torch.randn(BATCH, 3, 227, 227, device=DEVICE).contiguous(memory_format=torch.channels_last)
        self.labels = torch.randint(1000, (BATCH,), device=DEVICE)

    def logits(self) -> torch.Tensor:
        with torch.autocast(DEVICE.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            return self.model(self.images).float()

    def step(self) -> None:
        self.model.train()
        for _ in range(STEPS):
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.logits(), self.labels).backward()
            self.optimizer.step()
        _wait()

    def infer(self) -> None:
        self.model.eval()
        with torch.inference_mode():
            for _ in range(STEPS):
                self.logits()
        _wait()

    def update(self) -> None:
        """The optimizer's step alone, with the gradients of the last training step."""
        for _ in range(STEPS):
            self.optimizer.step()
        _wait()


def _wait() -> None:
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    alone = sys.argv[1:] == ["1"]
    if alone:
        torch.set_num_threads(1)
    clock = time.process_time if alone else time.perf_counter
    wide = {name: Network(name, torch.float32) for name in NORMS}
    narrow = {f"{name}, bfloat16": Network(name, torch.bfloat16) for name in NORMS}
    compiled = {f"{name}, compiled": Network(name, torch.float32, is_compiled=True) for name in NORMS}
    networks = wide | narrow | compiled
    if DEVICE.type == "cuda":
        networks |= {f"{name}, bfloat16, compiled": Network(name, torch.bfloat16, is_compiled=True) for name in NORMS}
    device = torch.cuda.get_device_name() if DEVICE.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"
    each = f", {STEPS} steps per round" if STEPS > 1 else ""
    print(f"PyTorch {torch.__version__} on {device}, batch {BATCH}{each}")
    for what, parts in (("step", networks), ("infer", networks), ("update", wide)):
        seconds = in_turn({name: getattr(network, what) for name, network in parts.items()}, ROUNDS, clock)
        print(f"\n{what}")
        ratio(seconds, "by hand", "emitted")
        if what == "update":
            continue
        ratio(seconds, "emitted", "none")
        ratio(seconds, "by hand", "emitted, bfloat16")
        ratio(seconds, "by hand, bfloat16", "emitted, bfloat16")
        ratio(seconds, "emitted, bfloat16", "none, bfloat16")
        ratio(seconds, "emitted, compiled", "emitted")
        ratio(seconds, "by hand, compiled", "emitted, compiled")
        ratio(seconds, "emitted, compiled", "none, compiled")
        if DEVICE.type == "cuda":
            ratio(seconds, "emitted, bfloat16, compiled", "emitted, bfloat16")
            ratio(seconds, "by hand, bfloat16, compiled", "emitted, bfloat16, compiled")
            ratio(seconds, "emitted, bfloat16, compiled", "none, bfloat16, compiled")
