"""One rank of a run: the emitted model, its share of the pictures, the loop."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import os

import torch
import torch.distributed as dist
from torch import nn

from archc.pictures.dataset import load_pictures
from archc.pictures.feed import Feed
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.loop import train
from archc.training.model import source
from archc_torch.devices import DeviceKind, Devices
from archc_torch.memory import keep_memory
from archc_torch.trainer import TorchTrainer

MOST_RANKS = 1024
"""More than any job has: keeps the draws of two seeds apart on all ranks."""


def run_rank(job: Job, devices: Devices) -> None:
    """Train as one of the job's ranks, or alone."""
    rank = int(os.environ["RANK"]) if job.devices > 1 else 0
    keep_memory()
    kind = devices.kind
    device = _device(kind, rank)
    if job.devices > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo", device_id=device if kind == "cuda" else None)
    torch.manual_seed(job.seed)
    module = source(job)
    model: nn.Module = getattr(module, job.model)()
    torch.manual_seed(job.seed * MOST_RANKS + rank)  # equal weights, then dropout of each rank's own
    pictures, statistics = load_pictures(job)
    feed = Feed(job, pictures, statistics, rank, job.devices, torch.get_num_threads())
    with Journal(job.run, devices=devices.names, active=rank == 0) as journal:
        model = _normalising_together(model, job, kind, journal)
        trainer = TorchTrainer(job, model, module.sgd(model), feed, device)
        train(job, trainer, journal, pictures=len(pictures.train), classes=len(pictures.classes))
    if job.devices > 1:
        dist.destroy_process_group()


def _normalising_together(model: nn.Module, job: Job, kind: DeviceKind, journal: Journal) -> nn.Module:
    """The model with its batch normalisations over the whole batch on GPUs; PyTorch has no such thing for CPUs."""
    if job.devices == 1 or not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in model.modules()):
        return model
    if kind == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    journal.say(
        f"batch normalisation: on CPUs each process normalises by its own {job.local_batch} pictures, "
        f"not by all {job.recipe.batch} as GPUs do"
    )
    return model


def _device(kind: DeviceKind, rank: int) -> torch.device:
    """This rank's own GPU, or the CPU."""
    if kind == "cpu":
        return torch.device("cpu")
    torch.backends.cudnn.benchmark = True  # all batches have one shape
    torch.set_float32_matmul_precision("high")  # TF32, as cuDNN's convolutions have it anyway
    torch.cuda.set_device(rank)
    return torch.device("cuda", rank)
