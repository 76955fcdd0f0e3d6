"""One rank of a run: it builds the emitted model and trains it on its share of the pictures."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import nn

from archc.pictures.feed import Feed, keeping_weights
from archc.pictures.folder import Pictures
from archc.pictures.preparation import Statistics
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import train
from archc.training.model import source
from archc.wording import counted
from archc_torch.devices import DeviceKind, Devices
from archc_torch.memory import keep_memory
from archc_torch.trainer import TorchTrainer
from archc_torch.weights import as_bytes

MOST_RANKS = 1024
"""More ranks than any job has, so that no rank of one seed draws the same numbers as a rank of another seed."""


def run_rank(job: Job, devices: Devices, pictures: Pictures, statistics: Statistics) -> None:
    """Train as one of the job's ranks, or as the only one."""
    rank = int(os.environ["RANK"]) if job.devices > 1 else 0
    keep_memory()
    kind = devices.kind
    device = _device(kind, rank)
    if job.devices > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo", device_id=device if kind == "cuda" else None)
    torch.manual_seed(job.seed)  # the same initial weights on each rank
    module = source(job)
    model: nn.Module = getattr(module, job.model)()
    torch.manual_seed(job.seed * MOST_RANKS + rank)  # different dropout on each rank
    feed = Feed(job, pictures, statistics, rank, job.devices, torch.get_num_threads())
    with Journal(job.run, devices=devices.names, active=rank == 0) as journal:
        model = _normalising_together(model, job, kind, journal)
        trainer = TorchTrainer(job, model, module.sgd(model), feed, device)
        with keeping_weights(job, lambda: as_bytes(model, job.renamed)):
            train(job, trainer, journal, pictures=len(pictures.train), classes=len(pictures.classes))
    if job.devices > 1:
        dist.destroy_process_group()


def _normalising_together(model: nn.Module, job: Job, kind: DeviceKind, journal: Journal) -> nn.Module:
    """The model, on GPUs with batch normalisation over the whole batch; PyTorch has no such layer for CPUs."""
    if job.devices == 1 or not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in model.modules()):
        return model
    if kind == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    journal.say(
        f"batch normalisation: on CPUs each process normalises over its own {counted(job.local_batch, 'picture')}, "
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
