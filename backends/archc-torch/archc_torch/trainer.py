"""The training loop's operations in PyTorch, on one of any number of ranks: batches, steps, evaluation, weights."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from archc.language.recipe import TestViews
from archc.ops.properties import Loss
from archc.training.feed import Array, Feed
from archc.training.feed import Batch as HeldOut
from archc.training.job import Job
from archc.training.judging import judged
from archc.training.result import Measured
from archc.training.score import Score
from archc_torch.measuring import Meter, peak_of_all
from archc_torch.weights import as_bytes, whole_state

MEASURED = 3
"""The step whose exchanges are counted. During the first, gradients are put into other buckets."""

Batch = tuple[tuple[Tensor, ...], Tensor]
"""The inputs, each (n, C, …), in memory with the channels last, and the targets, on the rank's device."""

LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy_with_logits,
    "mean_squared_error": mse_loss,
}
"""What each loss computes of the model's outputs (n, C, …): the mean over examples, positions and values."""


class TorchTrainer:
    """Trains one model on this rank's share of each batch; implements `archc.training.loop.Trainer`.

    `module` is the emitted file. Where each rank computes the loss of its own examples, the file averages the gradients
    over the ranks, so a loss counts by its share of the examples. Where all ranks compute the loss of all, they have
    the same. So the result does not depend on the number of ranks. `done` is called after each batch.
    """

    def __init__(
        self,
        job: Job,
        module: Any,
        model: nn.Module,
        feed: Feed,
        device: torch.device,
        done: Callable[[], None] | None = None,
    ) -> None:
        self._job = job
        self._feed = feed
        self._share = feed.share
        self._device = device
        self._module = module
        self._model = model.to(memory_format=torch.channels_last).to(device)
        is_parallel = self._share.ranks > 1 and hasattr(module, "over_ranks")
        self._parallel = module.over_ranks(self._model) if is_parallel else self._model
        self._optimizer = module.sgd(self._model)
        self._done = done or (lambda: None)
        self._meter = Meter()
        self._steps = 0

    def batches(self, epoch: int) -> Generator[Batch]:
        """This rank's share of each global batch of an epoch."""
        with closing(self._feed.training(epoch)) as batches:
            for batch in batches:
                self._divide(batch.count)
                targets = self._put(torch.from_numpy(batch.targets))
                is_classes = batch.targets.dtype == np.int64
                yield tuple(map(self._values, batch.inputs)), targets if is_classes else _channels_first(targets)

    def step(self, batch: Batch, lr: float) -> float:
        """Take one optimiser step; the mean loss over the global batch before the step."""
        self._steps += 1
        if self._steps != MEASURED or self._share.ranks == 1:
            return self._step(batch, lr)
        with self._meter.counting(self._model):
            return self._step(batch, lr)

    def _step(self, batch: Batch, lr: float) -> float:
        inputs, targets = batch
        self._meter.at = "forward"
        loss = LOSSES[self._job.recipe.loss](self._logits(self._parallel, inputs), targets)
        if self._share.targets == "own":
            loss = loss * (len(targets) * self._share.ranks / self._job.recipe.batch)
        self._meter.at = "backward"
        loss.backward()
        for group in self._optimizer.param_groups:
            group["lr"] = lr
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._meter.at = "loss"
        mean = loss.detach()
        if self._share.targets == "own":
            mean = self._total(mean) / self._share.ranks
        self._done()
        return mean.item()

    def evaluate(self, test: TestViews) -> Score:
        """The score over all held-out pictures, each counted once. The ranks' shares may differ in size."""
        loss = self._job.recipe.loss
        score = Score(0, 0, 0, 0.0, loss)
        self._model.eval()
        with closing(self._feed.held_out(test)) as batches:
            for batch, outputs in self.outputs(batches):
                score += judged(outputs, batch.targets, loss)
                self._done()
        self._model.train()
        if self._share.targets == "all":
            return score
        sums = torch.tensor(score.sums, dtype=torch.float64, device=self._device)
        count, top1, top5, loss_sum = self._total(sums).tolist()
        return Score(round(count), top1=round(top1), top5=round(top5), loss_sum=loss_sum, of=loss)

    @torch.inference_mode()
    def outputs(self, batches: Iterable[HeldOut]) -> Iterator[tuple[HeldOut, Array]]:
        """What the model, which is in eval mode, returns for each batch of held-out examples: (n, views, …, C)."""
        for batch in batches:
            n, views, *_ = batch.inputs[0].shape
            self._divide(batch.count, views)
            inputs = tuple(self._values(x.reshape(n * views, *x.shape[2:])) for x in batch.inputs)
            # Not the parallel form, which prepares a backward pass.
            outputs = self._logits(self._model, inputs).movedim(1, -1).unflatten(0, (-1, views))
            yield batch, outputs.cpu().numpy()

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all ranks."""
        arrays = (*self._model.parameters(), *self._model.buffers())
        broken = sum(int(not array.isfinite().all()) for array in arrays)
        return self._total(torch.tensor(broken, device=self._device)).item() == 0

    def measured(self) -> Measured:
        """What a step took after the first ones, and the most memory. Call it on all ranks, after the last step."""
        exchanged = self._meter.exchanged() if self._share.ranks > 1 and self._steps >= MEASURED else None
        return Measured(exchanged=exchanged, peak=peak_of_all(self._device, self._share.ranks))

    def weights(self) -> bytes | None:
        """The weights on the first rank, as safetensors; None on the others. Call it on all ranks, which have parts."""
        state = whole_state(self._module, self._model, self._share.rank, self._share.ranks)
        return as_bytes(state, self._job.renamed) if state is not None else None

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

    def _divide(self, count: int, views: int = 1) -> None:
        """Tell the model how a batch is divided over the ranks, if some layer of it must know."""
        if self._share.reads == "own" and hasattr(self._module, "divide"):
            self._module.divide(self._model, *(size * views for size in self._share.sizes(count)))

    def _total(self, values: Tensor) -> Tensor:
        """The sum over all ranks; changes `values` in place."""
        if self._share.ranks > 1:
            dist.all_reduce(values)
        return values


def _channels_first(values: Tensor) -> Tensor:
    """A view (n, C, …) of values (n, …, C)."""
    return values.movedim(-1, 1)
