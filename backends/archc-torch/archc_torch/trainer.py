"""The training loop's operations in PyTorch, on one of any number of ranks: batches, steps, evaluation, weights."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple

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
from archc.training.judging import judged
from archc.training.score import Score
from archc_torch.weights import as_bytes

Batch = tuple[Tensor, Tensor]
"""Images (n, C, h, w), in memory with channels last, and labels (n,), on the rank's device."""


class TorchTrainer:
    """Trains one model on this rank's part of each batch; implements `archc.training.loop.Trainer`.

    All parts have the same size. Each rank computes the mean over its part, and gradients and losses are averaged over
    the ranks, so the result does not depend on the number of ranks.
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
        """This rank's part of each global batch of an epoch."""
        for batch in self._feed.training(epoch):
            yield self._maps(batch.images), self._put(torch.from_numpy(batch.labels))

    def step(self, batch: Batch, lr: float) -> float:
        """Take one optimiser step; the mean loss over the global batch before the step."""
        images, labels = batch
        loss = cross_entropy(self._logits(self._parallel, images), labels)
        loss.backward()
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self._optimizer.step()
        self._optimizer.zero_grad()
        return self._total(loss.detach()).item() / self._feed.ranks

    def evaluate(self, test: TestViews) -> Score:
        """The score over all held-out pictures, each counted on one rank. The ranks' shares may differ in size."""
        self._share_statistics()
        score = Score(0, 0, 0, 0.0)
        self._model.eval()
        with torch.inference_mode():
            for batch in self._feed.held_out(test):
                n, views, *size = batch.images.shape
                images = self._maps(batch.images.reshape(n * views, *size))
                # Not the parallel form: each rank would have to call it the same number of times.
                logits = self._logits(self._model, images).unflatten(0, (n, views))
                score += judged(logits.cpu().numpy(), batch.labels)
        self._model.train()
        sums = torch.tensor(astuple(score), dtype=torch.float64, device=self._device)
        count, top1, top5, loss = self._total(sums).tolist()
        return Score(round(count), top1=round(top1), top5=round(top5), loss_sum=loss)

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all ranks."""
        arrays = (*self._model.parameters(), *self._model.buffers())
        broken = sum(int(not array.isfinite().all()) for array in arrays)
        return self._total(torch.tensor(broken, device=self._device)).item() == 0

    def weights(self) -> bytes | None:
        """The weights on the first rank, as safetensors; None on the others, which have the same."""
        return as_bytes(self._model, self._job.renamed) if self._feed.rank == 0 else None

    def _logits(self, model: nn.Module, images: Tensor) -> Tensor:
        """The scores (n, outputs) of images (n, C, h, w), computed in the job's precision and returned in float32."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._job.precision == "bfloat16"):
            return model(images).float()

    def _maps(self, images: NDArray[np.float32]) -> Tensor:
        """A view (n, C, h, w) of images (n, h, w, C): PyTorch's channels-last format, without a copy."""
        return self._put(torch.from_numpy(images)).permute(0, 3, 1, 2)

    def _put(self, values: Tensor) -> Tensor:
        """The values on the rank's device."""
        # From pinned memory, a copy to the GPU overlaps with computation.
        return values.pin_memory().to(self._device, non_blocking=True) if self._device.type == "cuda" else values

    def _share_statistics(self) -> None:
        """Give all ranks the running means and variances of the first rank, which are the ones that are saved."""
        if self._feed.ranks > 1:
            for statistic in self._model.buffers():
                dist.broadcast(statistic, src=0)

    def _total(self, values: Tensor) -> Tensor:
        """The sum over all ranks; changes `values` in place."""
        if self._feed.ranks > 1:
            dist.all_reduce(values)
        return values


def _over_ranks(model: nn.Module, device: torch.device) -> DistributedDataParallel:
    """The model wrapped so that `backward` averages the gradients over the ranks."""
    ids = [device.index] if device.type == "cuda" else None
    # With views, the gradients are averaged where they lie, without a copy. Each step computes the same graph.
    return DistributedDataParallel(model, device_ids=ids, gradient_as_bucket_view=True, static_graph=True)
