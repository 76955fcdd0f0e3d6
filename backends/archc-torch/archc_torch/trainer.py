"""What the training loop asks of PyTorch: batches, one step, an evaluation, the weights, on one rank of any number."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from archc.language.spec import TestViews
from archc.pictures.feed import Feed
from archc.training.job import Job
from archc.training.score import Score
from archc_torch.weights import save

Batch = tuple[Tensor, Tensor]
"""Images (n, C, h, w), channels last in memory, and labels (n,), on the rank's device."""


class TorchTrainer:
    """Trains one model on this rank's part of every batch: `archc.training.loop.Trainer`.

    Each rank computes the mean over its equal part; gradients and losses are averaged over the ranks, so that any
    number of ranks computes what one does.
    """

    def __init__(
        self, job: Job, model: nn.Module, optimizer: torch.optim.Optimizer, feed: Feed, device: torch.device
    ) -> None:
        self._job = job
        self._feed = feed
        self._device = device
        self._model = model.to(memory_format=torch.channels_last).to(device)
        self._parallel = _over_ranks(self._model, device) if feed.ranks > 1 else self._model
        self._optimizer = optimizer

    def batches(self, epoch: int) -> Iterator[Batch]:
        """This rank's part of every global batch of an epoch."""
        for batch in self._feed.training(epoch):
            yield self._maps(batch.images), self._put(torch.from_numpy(batch.labels))

    def step(self, batch: Batch, lr: float) -> float:
        """One optimiser step; the mean loss over the global batch, before the step."""
        images, labels = batch
        loss = cross_entropy(self._logits(self._parallel, images), labels)
        loss.backward()
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self._optimizer.step()
        self._optimizer.zero_grad()
        return self._total(loss.detach()).item() / self._feed.ranks

    def evaluate(self, test: TestViews) -> Score:
        """The score over all held-out pictures, each counted on one rank; shares may differ in size."""
        self._share_statistics()
        sums = torch.zeros(4, dtype=torch.float64, device=self._device)
        self._model.eval()
        with torch.inference_mode():
            for batch in self._feed.held_out(test):
                n, views, *size = batch.images.shape
                images = self._maps(batch.images.reshape(n * views, *size))
                # The model itself: in its parallel form, every rank would have to call it equally often.
                probabilities = self._logits(self._model, images).softmax(dim=1).unflatten(0, (n, views)).mean(1)
                sums += _judge(probabilities, self._put(torch.from_numpy(batch.labels)))
        self._model.train()
        count, top1, top5, loss = self._total(sums).tolist()
        return Score(round(count), top1=round(top1), top5=round(top5), loss_sum=loss)

    def save(self, path: Path) -> None:
        """Write the weights, the same on all ranks, from the first."""
        if self._feed.rank == 0:
            save(self._model, path, self._job.renamed)

    def _logits(self, model: nn.Module, images: Tensor) -> Tensor:
        """(n, C, h, w) -> (n, outputs) in float32, computed in the job's precision."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._job.precision == "bfloat16"):
            return model(images).float()

    def _maps(self, images: NDArray[np.float32]) -> Tensor:
        """(n, h, w, C) in memory, seen as (n, C, h, w): what PyTorch calls channels last, without a copy."""
        return self._put(torch.from_numpy(images)).permute(0, 3, 1, 2)

    def _put(self, values: Tensor) -> Tensor:
        """On the rank's device, copied there while it computes."""
        return values.pin_memory().to(self._device, non_blocking=True) if self._device.type == "cuda" else values

    def _share_statistics(self) -> None:
        """The running means and variances of the first rank, which are the saved ones, on all ranks."""
        if self._feed.ranks > 1:
            for statistic in self._model.buffers():
                dist.broadcast(statistic, src=0)

    def _total(self, values: Tensor) -> Tensor:
        """The sum over all ranks."""
        if self._feed.ranks > 1:
            dist.all_reduce(values)
        return values


def _over_ranks(model: nn.Module, device: torch.device) -> DistributedDataParallel:
    """The model whose gradients are averaged over the ranks while `backward` runs."""
    ids = [device.index] if device.type == "cuda" else None
    return DistributedDataParallel(model, device_ids=ids, gradient_as_bucket_view=True, static_graph=True)


def _judge(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Sums over pictures (n, outputs): count, class first, class among the first five, -log of its probability."""
    best = probabilities.topk(min(5, probabilities.shape[1])).indices
    hits = (best == labels[:, None]).double()
    own = probabilities.gather(1, labels[:, None]).double()
    losses = -own.clamp_min(torch.finfo(torch.float32).tiny).log()
    return torch.stack([torch.ones_like(own).sum(), hits[:, 0].sum(), hits.sum(), losses.sum()])
