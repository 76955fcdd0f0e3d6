"""The training loop's operations in PyTorch, on one of any number of ranks: batches, steps, evaluation, weights."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import get_total_norm

from archc.language.recipe import TestViews
from archc.ops.properties import Loss
from archc.training.feed import Array, Feed
from archc.training.feed import Batch as Examples
from archc.training.job import Job
from archc.training.judging import judged
from archc.training.loop import NOTHING, AskedToEnd, Asks, Stepped, never
from archc.training.result import Measured
from archc.training.saver import State
from archc.training.score import BatchScore, Score
from archc_torch.broken import first_broken
from archc_torch.measuring import Meter, peak_of_all
from archc_torch.normaliser import Normaliser
from archc_torch.parameters import in_spec
from archc_torch.squares import squares_of
from archc_torch.state import restore, state_of
from archc_torch.weights import as_bytes, whole_state

MEASURED = 3
"""The step whose exchanges are counted. During the first, gradients are put into other buckets."""


class Part(NamedTuple):
    """What is computed at once of a batch, on the rank's device."""

    inputs: tuple[Tensor, ...]
    """Each (n, C, …), in memory with the channels last."""
    targets: Tensor
    examples: int
    """The number of examples on all ranks together."""


Batch = tuple[Part, ...]
"""The parts of a batch, one after the other: one, unless the recipe accumulates gradients."""

LOSSES: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy_with_logits,
    "mean_squared_error": mse_loss,
}
"""What each loss computes of the model's outputs (n, C, …): the mean over examples, positions and values."""

HITS: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": lambda outputs, targets: outputs.argmax(1) == targets,
    "binary_cross_entropy": lambda outputs, targets: (outputs > 0) == (targets > 0.5),
    "mean_squared_error": lambda outputs, _: outputs.new_zeros(()),
}
"""Which outputs (n, C, …) are right; for `mean_squared_error`, nothing is counted."""


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
        self._normalise = Normaliser(feed.normalisation, device) if feed.normalisation else None
        self._module = module
        self._model = model.to(memory_format=torch.channels_last).to(device)
        is_parallel = self._share.ranks > 1 and hasattr(module, "over_ranks")
        self._parallel = module.over_ranks(self._model) if is_parallel else self._model
        self._criterion: Callable[[Tensor, Tensor], Tensor] = getattr(module, "criterion", LOSSES[job.recipe.loss])
        self._optimizer = getattr(module, job.recipe.optimizer.name)(self._model)
        self._done = done or (lambda: None)
        self._meter = Meter()
        self._steps = 0

    def batches(self, epoch: int, first: int = 0) -> Generator[Batch]:
        """This rank's share of each global batch of an epoch, from batch `first` on."""
        with closing(self._feed.training(epoch, first)) as batches:
            while parts := tuple(islice(map(self._part, batches), self._job.recipe.accumulate)):
                yield parts

    def step(self, batch: Batch, lr: float, asks: Asks = NOTHING, *, squares: bool = False) -> Stepped:
        """Take one optimiser step, unless a value is not finite; with `squares`, find those of the gradients."""
        self._steps += 1
        if self._steps != MEASURED or self._share.ranks == 1:
            return self._step(batch, lr, asks, squares=squares)
        with self._meter.counting(self._model):
            return self._step(batch, lr, asks, squares=squares)

    def _step(self, batch: Batch, lr: float, asks: Asks, *, squares: bool) -> Stepped:
        loss = hits = torch.zeros((), device=self._device)
        aside: list[Tensor] = []
        for place, part in enumerate(batch, 1):
            is_last = place == len(batch)
            with self._summing(is_last):
                more, right = self._learn(part)
            loss, hits = loss + more, hits + right
            if self._sums_each and not is_last:
                aside = [gradient.clone() for gradient in self._added(aside)]  # of views, which are used again
                self._optimizer.zero_grad()
        self._added(aside)
        self._meter.at = "status"
        found = self._agreed(loss, hits, asks, batch, squares=squares)
        if found.broken is None:
            if self._job.recipe.clip is not None:
                self._module.clip(self._model)
            for group in self._optimizer.param_groups:
                group["lr"] = lr * group.get("lr_factor", 1)
            self._optimizer.step()
        self._optimizer.zero_grad()
        self._done()
        return found

    def _learn(self, part: Part) -> tuple[Tensor, Tensor]:
        """Add the gradients of a part of the batch; what the part adds to the mean loss and to the hits."""
        self._divide(part.examples)
        self._meter.at = "forward"
        outputs = self._logits(self._parallel, part.inputs)
        copies = self._share.ranks if self._share.targets == "own" else 1
        loss = self._criterion(outputs, part.targets) * (len(part.targets) * copies / self._job.recipe.batch)
        self._meter.at = "backward"
        loss.backward()
        return loss.detach(), HITS[self._job.recipe.loss](outputs.detach(), part.targets).sum()

    @property
    def _sums_each(self) -> bool:
        """Whether the gradients of each part are summed over the ranks: PyTorch must in the first step, to see a graph
        that will stay the same."""
        return self._steps == 1 and isinstance(self._parallel, DistributedDataParallel)

    def _summing(self, is_last: bool) -> AbstractContextManager[None]:
        """Sum gradients over the ranks only in the backward pass of the last part, if PyTorch does."""
        if is_last or self._sums_each or not isinstance(self._parallel, DistributedDataParallel):
            return nullcontext()
        return self._parallel.no_sync()

    def _added(self, aside: list[Tensor]) -> list[Tensor]:
        """The gradients, to which those that were put aside are added."""
        gradients = [p.grad for p in self._model.parameters() if p.grad is not None]
        for own, other in zip(gradients, aside, strict=bool(aside)):
            own.add_(other)
        return gradients

    def _agreed(self, loss: Tensor, hits: Tensor, asks: Asks, batch: Batch, *, squares: bool) -> Stepped:
        """What all ranks know of a step before its update, by one message."""
        total = self._job.recipe.batch * batch[0].targets[0].numel()
        # A norm is not finite if any value is not; it also overflows, so the values themselves have the last word.
        norm = get_total_norm([p.grad for p in self._model.parameters() if p.grad is not None])
        # In float64, which counts beyond float32's 2^24.
        values = torch.stack([x.double() for x in (loss, hits, ~(loss + norm).isfinite())])
        own = squares_of(self._module, self._model, self._share.ranks) if squares else {}
        told = torch.cat((values, torch.tensor(asks, dtype=torch.float64, device=self._device), *own.values()))
        loss_sum, hit, broken, stop, save, *sums = self._total(told).tolist()
        copies = self._share.ranks if self._share.targets == "all" else 1
        where = first_broken(self._model, self._again(batch), self._job.renamed, self._share.ranks) if broken else None
        if broken and where is None and not math.isfinite(loss_sum):
            where = "the loss"
        counts_nothing = self._job.recipe.loss == "mean_squared_error"
        score = BatchScore(loss_sum / self._share.ranks, None if counts_nothing else round(hit / copies), total)
        found = {in_spec(name, self._job.renamed): each for name, each in zip(own, sums, strict=True)}
        return Stepped(score, (stop > 0, save > 0), where, found if squares else None)

    def _again(self, batch: Batch) -> Iterator[tuple[Tensor, ...]]:
        """The inputs of each part, to be computed again before the next one."""
        for part in batch:
            self._divide(part.examples)
            yield part.inputs

    def evaluate(self, test: TestViews, asks: Callable[[], bool] = never) -> Score:
        """The score over all held-out pictures, each counted once. The ranks' shares may differ in size."""
        score = Score(0, 0, 0, 0.0, self._job.recipe.loss)
        self._model.eval()
        try:
            with closing(self._feed.held_out(test)) as batches:
                for batch, outputs in self.outputs(batches):
                    if self._total(torch.tensor(float(asks()), device=self._device)).item():
                        raise AskedToEnd
                    score += judged(outputs, batch.targets, score.of)
                    self._done()
        finally:
            self._model.train()
        if self._share.targets == "all":
            return score
        sums = torch.tensor(score.sums, dtype=torch.float64, device=self._device)
        count, top1, top5, loss_sum = self._total(sums).tolist()
        return Score(round(count), top1=round(top1), top5=round(top5), loss_sum=loss_sum, of=score.of)

    @torch.inference_mode()
    def outputs(self, batches: Iterable[Examples]) -> Iterator[tuple[Examples, Array]]:
        """What the model, which is in eval mode, returns for each batch of held-out examples: (n, views, …, C)."""
        for batch in batches:
            n, views, *_ = batch.inputs[0].shape
            self._divide(batch.count, views)
            inputs = self._inputs(x.reshape(n * views, *x.shape[2:]) for x in batch.inputs)
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
        state = whole_state(self._module, self._model.state_dict(), self._share.rank, self._share.ranks)
        return as_bytes(state, self._job.renamed) if state is not None else None

    def state(self) -> State | None:
        """All that the next step depends on, of the whole network, on the first rank. Call it on all ranks."""
        own = self._share
        return state_of(self._module, self._model, self._optimizer, self._job.renamed, own.rank, own.ranks)

    def restore(self, state: State | None) -> None:
        """Go on from a state, which the first rank has. Call it on all ranks."""
        told = (state.weights, state.optimizer, json.dumps(dict(state.random)).encode()) if state else [None] * 3
        weights, optimizer, numbers = map(self.tell, told)
        state, own = State(weights, optimizer, json.loads(numbers)), self._share
        restore(state, self._module, self._model, self._optimizer, self._job.renamed, own.rank, own.ranks)

    def tell(self, data: bytes | None) -> bytes:
        """What the first rank gives. Call it on all ranks."""
        if self._share.ranks == 1:
            assert data is not None
            return data
        size = torch.tensor(len(data or b""), device=self._device)
        dist.broadcast(size, 0)
        told = torch.empty(int(size), dtype=torch.uint8, device=self._device)
        if data:
            told.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        dist.broadcast(told, 0)
        return told.cpu().numpy().tobytes()

    def _logits(self, model: nn.Module, inputs: tuple[Tensor, ...]) -> Tensor:
        """What the model returns, (n, C, …), computed in the job's precision and returned in float32 or wider."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._job.precision == "bfloat16"):
            outputs = model(*inputs)
        return outputs.to(torch.promote_types(outputs.dtype, torch.float32))

    def _part(self, batch: Examples) -> Part:
        targets = self._put(torch.from_numpy(batch.targets))
        is_classes = batch.targets.dtype == np.int64
        return Part(self._inputs(batch.inputs), targets if is_classes else _channels_first(targets), batch.count)

    def _inputs(self, arrays: Iterable[Array]) -> tuple[Tensor, ...]:
        """Views (n, C, …) of inputs (n, …, C) on the device: of maps, in PyTorch's channels-last format."""
        values = [self._put(torch.from_numpy(array)) for array in arrays]
        return tuple(map(_channels_first, [self._normalise(*values)] if self._normalise else values))

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
