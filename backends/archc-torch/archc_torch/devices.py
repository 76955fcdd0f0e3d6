"""The devices that a job trains on: GPUs over NCCL, or on a machine without GPUs, CPU processes over gloo."""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from archc.failure import Failure
from archc.training.job import Job
from archc.training.room import check_memory, machine_memory

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


def check_room(job: Job, devices: Devices, here: int) -> None:
    """Raise a Failure if the plan's peak of a step exceeds the memory of a device; `here` are in this machine."""
    if devices.kind == "cpu":
        check_memory(job, machine_memory(), sharing=here)
        return
    sizes: list[int] = [torch.cuda.get_device_properties(index).total_memory for index in range(here)]
    check_memory(job, min(sizes))


def find_devices(count: int, *, worker: bool = False) -> Devices:
    """The first `count` of this machine's GPUs; if it has none, `count` processes on its CPU.

    A worker is one of `count` processes that torchrun has started on this machine.
    """
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    fewer = "start one process for each GPU: `torchrun --nproc-per-node {}`" if worker else "use `--gpus {}`"
    return choose(count, tuple(torch.cuda.get_device_name(index) for index in range(there)), fewer=fewer)


def choose(count: int, gpus: tuple[str, ...], *, fewer: str = "use `--gpus {}`") -> Devices:
    """The devices for `count` ranks on a machine with these GPUs; a Failure if it has some, but too few.

    `fewer` is the help for that, with a place for the number.
    """
    if not gpus:
        return Devices("cpu", ("cpu",) * count, _stand_in(count))
    if len(gpus) < count:
        raise Failure(
            f"the run needs {count} GPUs, this machine has {len(gpus)}",
            f"{fewer.format(len(gpus))}, or set `CUDA_VISIBLE_DEVICES=` to train in CPU processes",
        )
    names = gpus[:count]
    kind = "1 GPU" if count == 1 else f"{count} GPUs over NCCL"
    return Devices("cuda", names, f"{kind}: {', '.join(names)}")


def devices_of_all(kind: DeviceKind, names: Sequence[str], machines: int) -> Devices:
    """The devices of all ranks of a run, on one or several machines."""
    where = f" on {machines} machines" if machines > 1 else ""
    count = len(names)
    if kind == "cpu":
        return Devices("cpu", tuple(names), f"{_stand_in(count)}{where}")
    return Devices("cuda", tuple(names), f"{count} GPUs over NCCL{where}: {', '.join(names)}")


def _stand_in(count: int) -> str:
    if count == 1:
        return "NO GPU FOUND: training on the CPU"
    return f"NO GPU FOUND: training in {count} CPU processes over gloo"
