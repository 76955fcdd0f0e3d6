"""One rank of a run: it builds the emitted model and trains it on its share of the pictures."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

from archc.dataset import Dataset
from archc.pictures.feed import keeping_weights
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import train
from archc.training.model import source
from archc.training.pulse import Pulse
from archc.wording import counted
from archc_torch.devices import DeviceKind, Devices
from archc_torch.memory import keep_memory
from archc_torch.trainer import TorchTrainer
from archc_torch.weights import as_bytes

MOST_RANKS = 1024
"""More ranks than any job has, so that no rank of one seed draws the same numbers as a rank of another seed."""

SLACK = 600
"""Seconds after the run's timeout in which the launcher ends the run before the ranks do."""


@dataclass(frozen=True)
class Group:
    """A rank's place among the ranks of a run: its number, the file by which they meet, and its signs of life."""

    rank: int
    meeting: Path
    pulse: Pulse


def run_rank(job: Job, devices: Devices, data: Dataset, group: Group | None = None) -> None:
    """Train as one of the ranks of a group, or alone."""
    rank = group.rank if group else 0
    keep_memory()
    kind = devices.kind
    device = _device(kind, rank)
    if group:
        _meet(group, job, device)
    torch.manual_seed(job.seed)  # the same initial weights on each rank
    module = source(job)
    model: nn.Module = getattr(module, job.model)()
    torch.manual_seed(job.seed * MOST_RANKS + rank)  # different dropout on each rank
    feed = data.feed(rank, job.devices, torch.get_num_threads())
    with Journal(job.run, devices=devices.names, active=rank == 0) as journal:
        model = _normalising_together(model, job, kind, journal)
        done = group.pulse.done if group else None
        trainer = TorchTrainer(job, model, module.sgd(model), feed, device, done)
        with keeping_weights(job, lambda: as_bytes(model, job.renamed)):
            train(job, trainer, journal, examples=data.count, classes=data.classes)
    if group:
        dist.destroy_process_group()


def _meet(group: Group, job: Job, device: torch.device) -> None:
    """Join the process group of all ranks."""
    is_gpu = device.type == "cuda"
    dist.init_process_group(
        "nccl" if is_gpu else "gloo",
        store=dist.FileStore(str(group.meeting), job.devices),  # pyright: ignore[reportPrivateImportUsage]
        rank=group.rank,
        world_size=job.devices,
        # The launcher, which can name the rank that hangs, is the first to lose patience.
        timeout=timedelta(seconds=job.timeout + SLACK),
        device_id=device if is_gpu else None,
    )


def _normalising_together(model: nn.Module, job: Job, kind: DeviceKind, journal: Journal) -> nn.Module:
    """The model, on GPUs with batch normalisation over the whole batch; PyTorch has no such layer for CPUs."""
    if job.devices == 1 or not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in model.modules()):
        return model
    if kind == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    journal.say(
        f"batch normalisation: on CPUs each process normalises over its own {counted(job.local_batch, job.example)}, "
        f"not over all {job.recipe.batch:,} as on GPUs"
    )
    return model


def _device(kind: DeviceKind, rank: int) -> torch.device:
    """This rank's own GPU, or the CPU."""
    if kind == "cpu":
        return torch.device("cpu")
    torch.backends.cudnn.benchmark = True  # pays off, since all training batches have the same shape
    torch.set_float32_matmul_precision("high")  # TF32 for dense layers, as cuDNN uses for convolutions by default
    torch.cuda.set_device(rank)
    return torch.device("cuda", rank)
