"""The training loop's operations in PyTorch, on one of any number of ranks: batches, steps, evaluation, weights."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from torch.nn.parallel import DistributedDataParallel

from archc.language.recipe import TestViews
from archc.ops.properties import Loss
from archc.training.feed import Array, Feed
from archc.training.job import Job
from archc.training.judging import judged
from archc.training.score import Score
from archc_torch.weights import as_bytes

Batch = tuple[tuple[Tensor, ...], Tensor]
"""The inputs, each (n, C, …), in memory with the channels last, and the targets, on the rank's device."""

LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy_with_logits,
    "mean_squared_error": mse_loss,
}
"""What each loss computes of the model's outputs (n, C, …): the mean over examples, positions and values."""


class TorchTrainer:
    """Trains one model on this rank's part of each batch; implements `archc.training.loop.Trainer`.

    All parts have the same size. Each rank computes the mean over its part, and gradients and losses are averaged over
    the ranks, so the result does not depend on the number of ranks. `done` is called after each batch.
    """

    def __init__(
        self,
        job: Job,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        feed: Feed,
        device: torch.device,
        done: Callable[[], None] | None = None,
    ) -> None:
        self._job = job
        self._feed = feed
        self._device = device
        self._model = model.to(memory_format=torch.channels_last).to(device)
        self._parallel = _over_ranks(self._model, device) if feed.ranks > 1 else self._model
        self._optimizer = optimizer
        self._done = done or (lambda: None)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """This rank's part of each global batch of an epoch."""
        for batch in self._feed.training(epoch):
            targets = self._put(torch.from_numpy(batch.targets))
            is_classes = batch.targets.dtype == np.int64
            yield tuple(map(self._values, batch.inputs)), targets if is_classes else _channels_first(targets)

    def step(self, batch: Batch, lr: float) -> float:
        """Take one optimiser step; the mean loss over the global batch before the step."""
        inputs, targets = batch
        loss = LOSSES[self._job.recipe.loss](self._logits(self._parallel, inputs), targets)
        loss.backward()
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self._optimizer.step()
        self._optimizer.zero_grad()
        mean = self._total(loss.detach()).item() / self._feed.ranks
        self._done()
        return mean

    def evaluate(self, test: TestViews) -> Score:
        """The score over all held-out pictures, each counted on one rank. The ranks' shares may differ in size."""
        self._share_statistics()
        loss = self._job.recipe.loss
        score = Score(0, 0, 0, 0.0, loss)
        self._model.eval()
        with torch.inference_mode():
            for batch in self._feed.held_out(test):
                n, views, *_ = batch.inputs[0].shape
                inputs = tuple(self._values(x.reshape(n * views, *x.shape[2:])) for x in batch.inputs)
                # Not the parallel form: each rank would have to call it the same number of times.
                outputs = self._logits(self._model, inputs).movedim(1, -1).unflatten(0, (n, views))
                score += judged(outputs.cpu().numpy(), batch.targets, loss)
                self._done()
        self._model.train()
        sums = torch.tensor(score.sums, dtype=torch.float64, device=self._device)
        count, top1, top5, loss_sum = self._total(sums).tolist()
        return Score(round(count), top1=round(top1), top5=round(top5), loss_sum=loss_sum, of=loss)

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all ranks."""
        arrays = (*self._model.parameters(), *self._model.buffers())
        broken = sum(int(not array.isfinite().all()) for array in arrays)
        return self._total(torch.tensor(broken, device=self._device)).item() == 0

    def weights(self) -> bytes | None:
        """The weights on the first rank, as safetensors; None on the others, which have the same."""
        return as_bytes(self._model, self._job.renamed) if self._feed.rank == 0 else None

    def _logits(self, model: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        """What the model returns, (n, C, …), computed in the job's precision and returned in float32."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._job.precision == "bfloat16"):
            return model(*inputs).float()

    def _values(self, values: Array) -> Tensor:
        """A view (n, C, …) of values (n, …, C): of maps, PyTorch's channels-last format, without a copy."""
        return _channels_first(self._put(torch.from_numpy(values)))

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


def _channels_first(values: Tensor) -> Tensor:
    """A view (n, C, …) of values (n, …, C)."""
    return values.movedim(-1, 1)


def _over_ranks(model: nn.Module, device: torch.device) -> DistributedDataParallel:
    """The model wrapped so that `backward` averages the gradients over the ranks."""
    ids = [device.index] if device.type == "cuda" else None
    # With views, the gradients are averaged where they lie, without a copy. Each step computes the same graph.
    return DistributedDataParallel(model, device_ids=ids, gradient_as_bucket_view=True, static_graph=True)
