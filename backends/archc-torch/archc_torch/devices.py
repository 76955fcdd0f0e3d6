"""Where a job trains: GPUs over NCCL, or CPU processes over gloo that stand in for them where the machine has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from archc.failure import Failure

DeviceKind = Literal["cuda", "cpu"]


@dataclass(frozen=True)
class Devices:
    """What the ranks compute on, one each."""

    kind: DeviceKind
    names: tuple[str, ...]
    line: str
    """Says to a person which they are."""

    @property
    def count(self) -> int:
        return len(self.names)


def find_devices(count: int) -> Devices:
    """`count` of this machine's GPUs; if it has none, `count` processes on its CPU."""
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return choose(count, tuple(torch.cuda.get_device_name(index) for index in range(there)))


def choose(count: int, gpus: tuple[str, ...]) -> Devices:
    """The devices for `count` ranks on a machine with these GPUs."""
    if not gpus:
        return Devices("cpu", ("cpu",) * count, _stand_in(count))
    if len(gpus) < count:
        raise Failure(
            f"asked for {count} GPUs, this machine has {len(gpus)}",
            f"`--gpus {len(gpus)}`, or `CUDA_VISIBLE_DEVICES=` for a rehearsal on CPU processes",
        )
    names = gpus[:count]
    kind = "1 GPU" if count == 1 else f"{count} GPUs over NCCL"
    return Devices("cuda", names, f"{kind}: {', '.join(names)}")


def _stand_in(count: int) -> str:
    if count == 1:
        return "NO GPU HERE: the CPU stands in for 1 GPU"
    return f"NO GPU HERE: {count} CPU processes over gloo stand in for {count} GPUs"
