"""One rank of a run: it builds the emitted model and trains it on its share of the pictures."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from archc.dataset import Dataset
from archc.pictures.feed import keeping_weights
from archc.signals import asked
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import train
from archc.training.model import source
from archc_torch.devices import DeviceKind, Devices
from archc_torch.memory import keep_memory
from archc_torch.trainer import TorchTrainer
from archc_torch.weights import as_bytes

SLACK = 600
"""Seconds after the run's timeout in which whoever watches the ranks ends the run before the ranks do."""


@dataclass(frozen=True)
class Group:
    """A rank's place among the ranks of a run: its number, and the store by which they meet.

    `done` is called after each batch. `gpu` is the number of the rank's GPU on its machine, if it has one.
    """

    rank: int
    store: dist.Store
    done: Callable[[], None]
    gpu: int
    stop: Callable[[], int | None] = asked
    """The signal that asks the ranks to end, if one does."""
    has_folder: bool = True
    """Whether the run's folder is on this machine."""


def run_rank(job: Job, devices: Devices, data: Dataset, group: Group | None = None) -> None:
    """Train as one of the ranks of a group, or alone."""
    rank = group.rank if group else 0
    keep_memory()
    kind = devices.kind
    device = device_of(kind, group.gpu if group else 0)
    if group:
        _meet(group, job, device)
    module = source(job)
    if group:
        model: nn.Module = module.build(job.seed)
    else:
        torch.manual_seed(job.seed)
        model = getattr(module, job.model)()
    with (
        closing(data.feed(job.share(rank), torch.get_num_threads())) as feed,
        Journal(job.run, devices=devices.names, active=rank == 0, resume=job.resume) as journal,
    ):
        trainer = TorchTrainer(job, module, model, feed, device, group.done if group else None)
        with _keeping_weights(job, model, has_folder=group is None or group.has_folder):
            stop = group.stop if group else asked
            size = {"examples": data.count, "classes": data.classes, "held_out": data.held_out}
            train(job, trainer, journal, **size, stop=stop)
    if group:
        dist.destroy_process_group()


def _meet(group: Group, job: Job, device: torch.device) -> None:
    """Join the process group of all ranks."""
    is_gpu = device.type == "cuda"
    dist.init_process_group(
        "nccl" if is_gpu else "gloo",
        store=group.store,
        rank=group.rank,
        world_size=job.devices,
        # Whoever watches the ranks, and can name the one that hangs, is the first to lose patience.
        timeout=timedelta(seconds=job.timeout + SLACK),
        device_id=device if is_gpu else None,
    )


def _keeping_weights(job: Job, model: nn.Module, *, has_folder: bool) -> AbstractContextManager[None]:
    """Saves the weights if a picture ends the run, unless the rank that finds it has only a part of them, or is on
    another machine than the run's folder."""
    if job.strategy != "data" or not has_folder:
        return nullcontext()
    return keeping_weights(job, lambda: as_bytes(model.state_dict(), job.renamed))


def device_of(kind: DeviceKind, gpu: int) -> torch.device:
    """This rank's own GPU, or the CPU."""
    if kind == "cpu":
        return torch.device("cpu")
    torch.backends.cudnn.benchmark = True  # pays off, since all training batches have the same shape
    torch.set_float32_matmul_precision("high")  # TF32 for dense layers, as cuDNN uses for convolutions by default
    torch.cuda.set_device(gpu)
    return torch.device("cuda", gpu)
