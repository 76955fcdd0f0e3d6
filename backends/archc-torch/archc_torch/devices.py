"""The devices that a job trains on: GPUs over NCCL, or on a machine without GPUs, CPU processes over gloo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from archc.failure import Failure

DeviceKind = Literal["cuda", "cpu"]


@dataclass(frozen=True)
class Devices:
    """The devices of a run, one for each rank."""

    kind: DeviceKind
    names: tuple[str, ...]
    line: str
    """A line for the person who trains that names the devices."""

    @property
    def count(self) -> int:
        return len(self.names)


def find_devices(count: int) -> Devices:
    """The first `count` of this machine's GPUs; if it has none, `count` processes on its CPU."""
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return choose(count, tuple(torch.cuda.get_device_name(index) for index in range(there)))


def choose(count: int, gpus: tuple[str, ...]) -> Devices:
    """The devices for `count` ranks on a machine with these GPUs; a Failure if it has some, but too few."""
    if not gpus:
        return Devices("cpu", ("cpu",) * count, _stand_in(count))
    if len(gpus) < count:
        raise Failure(
            f"the run needs {count} GPUs, this machine has {len(gpus)}",
            f"use `--gpus {len(gpus)}`, or set `CUDA_VISIBLE_DEVICES=` to train in CPU processes",
        )
    names = gpus[:count]
    kind = "1 GPU" if count == 1 else f"{count} GPUs over NCCL"
    return Devices("cuda", names, f"{kind}: {', '.join(names)}")


def _stand_in(count: int) -> str:
    if count == 1:
        return "NO GPU FOUND: training on the CPU"
    return f"NO GPU FOUND: training in {count} CPU processes over gloo"
