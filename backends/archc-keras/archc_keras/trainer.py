"""The training loop's operations in Keras, on any number of replicas: batches, steps, evaluation, weights."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportUntypedFunctionDecorator=false, reportMissingTypeStubs=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from archc.language.recipe import TestViews
from archc.ops.properties import Loss
from archc.training.feed import Array, Batch, Feed
from archc.training.job import Job
from archc.training.judging import judged
from archc.training.loop import NOTHING, AskedToEnd, Asks, Stepped, never
from archc.training.result import Measured, Peak, most_resident
from archc.training.saver import State
from archc.training.score import BatchScore, Score
from archc.training.share import Share
from archc_keras.broken import first_broken
from archc_keras.devices import Strategy
from archc_keras.names import path_of
from archc_keras.normaliser import Normaliser
from archc_keras.replicas import dividing, share
from archc_keras.state import restore, state_of
from archc_keras.weights import as_bytes

Shares = tuple[Any, ...]
"""Arrays that are split into one share for each replica."""

Parts = tuple[Shares, ...]
"""The parts of a batch, one after the other: one, unless the recipe accumulates gradients."""

LOSSES: dict[Loss, Callable[[Any, Any], Any]] = {
    "cross_entropy": tf.nn.sparse_softmax_cross_entropy_with_logits,
    "binary_cross_entropy": tf.nn.sigmoid_cross_entropy_with_logits,
    "mean_squared_error": tf.math.squared_difference,
}
"""What each loss computes of targets and the model's outputs (n, …, C): one number per class, position or value."""

HITS: dict[Loss, Callable[[Any, Any], Any]] = {
    "cross_entropy": lambda targets, outputs: tf.equal(tf.argmax(outputs, -1), targets),
    "binary_cross_entropy": lambda targets, outputs: (outputs > 0) == (targets > 0.5),
    "mean_squared_error": lambda targets, _: tf.zeros_like(targets, tf.bool),
}
"""Which outputs (n, …, C) are right; for `mean_squared_error`, nothing is counted."""

Sum = tf.distribute.ReduceOp.SUM


class KerasTrainer:
    """Trains one model, mirrored on a strategy's replicas; implements `archc.training.loop.Trainer`.

    Each replica computes its share of the global batch. Losses are divided by the size of the global batch, and losses
    and gradients are summed over the replicas. Layers that draw numbers or normalise over the batch do so for all
    of it, by `archc_keras.replicas`. So the result does not depend on the number of replicas.
    """

    def __init__(
        self,
        job: Job,
        model: Any,
        optimizer: Any,
        strategy: Strategy,
        feed: Feed,
        criterion: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._job = job
        self._criterion = criterion or LOSSES[job.recipe.loss]
        parts = np.array_split(np.arange(job.recipe.batch), job.recipe.accumulate)
        self._counts = [len(part) for part in parts]
        self._model = model
        self._optimizer = optimizer
        self._strategy = strategy
        self._feed = feed
        self._normalise = Normaliser(feed.normalisation) if feed.normalisation else None
        self._division = Share(ranks=strategy.num_replicas_in_sync)
        if self._division.ranks > 1:
            share(model, self._division)

    def batches(self, epoch: int, first: int = 0) -> Generator[Parts]:
        """The inputs (n, …, C) and the targets for each replica, from batch `first` of an epoch on."""
        with closing(self._feed.training(epoch, first)) as batches:
            shares = (self._share(*batch.inputs, batch.targets) for batch in batches)
            while parts := tuple(islice(shares, len(self._counts))):
                yield parts

    def step(self, batch: Parts, lr: float, asks: Asks = NOTHING, *, squares: bool = False) -> Stepped:
        """Take one optimiser step, unless a value is not finite; with `squares`, find those of the gradients."""
        self._optimizer.learning_rate = lr
        told, gradients = self._slopes(batch)
        loss, hits, total, broken = told.numpy()
        counts_nothing = self._job.recipe.loss == "mean_squared_error"
        score = BatchScore(float(loss), None if counts_nothing else round(hits), round(total))
        if not broken:
            found = self._squares_of(gradients) if squares else None
            self._update(gradients)
            return Stepped(score, asks, squares=found)
        inputs = [self._strategy.run(self._inputs, args=part[:-1]) for part in batch]
        where = first_broken(self._model, self._strategy, [*zip(self._counts, inputs, strict=True)], gradients)
        return Stepped(score, asks, where or "the loss")

    def evaluate(self, test: TestViews, asks: Callable[[], bool] = never) -> Score:
        """The score over all held-out pictures, each counted once."""
        loss = self._job.recipe.loss
        score = Score(0, 0, 0, 0.0, loss)
        with closing(self._feed.held_out(test)) as batches:
            for batch, outputs in self.outputs(batches):
                if asks():
                    raise AskedToEnd
                score += judged(outputs, batch.targets, loss)
        return score

    def outputs(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Array]]:
        """What the model returns for each batch of held-out examples: (n, views, …, C)."""
        # All batches are padded to the size of the first: for another shape, TensorFlow would trace the function again.
        size = 0
        for batch in batches:
            size = size or self._whole_shares(len(batch.targets))
            shares = self._share(*(_padded(x, size) for x in batch.inputs))
            parts = self._strategy.experimental_local_results(self._outputs(shares))
            yield batch, np.concatenate([part.numpy() for part in parts])[: len(batch.targets)]

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all replicas."""
        kept = (self._strategy.experimental_local_results(weight.value) for weight in self._model.weights)
        return all(np.isfinite(each.numpy()).all() for replicas in kept for each in replicas)

    def measured(self) -> Measured:
        """The most memory that the process, which holds all replicas, has taken."""
        return Measured(peak=Peak(of="process", bytes=(most_resident(),)))

    def weights(self) -> bytes:
        """The weights, as safetensors in the layout that all backends share."""
        return as_bytes(self._model)

    def state(self) -> State:
        """All that the next step depends on."""
        return state_of(self._model, self._optimizer)

    def restore(self, state: State | None) -> None:
        """Go on from a state."""
        assert state is not None
        with self._strategy.scope():
            restore(state, self._model, self._optimizer)

    def tell(self, data: bytes | None) -> bytes:
        """What the only process gives."""
        assert data is not None
        return data

    @tf.function
    def _slopes(self, batch: Parts) -> tuple[Any, Any]:
        """The mean loss, the hits, what they are of, the number of replicas with a value that is not finite; and the
        gradients of each replica."""
        told, gradients = self._strategy.run(self._learn, args=batch)
        return self._strategy.reduce(Sum, told, axis=None), gradients

    def _squares_of(self, gradients: Any) -> dict[str, float]:
        """The sum of the squares of each weight's gradient over all replicas, by the names of layers and variables."""
        found, *_ = self._strategy.experimental_local_results(self._squares(gradients))
        names = {id(weight): path_of(layer.name) for layer in self._model.layers for weight in layer.weights}
        weights = [f"{names[id(each)]}.{each.path}" for each in self._model.trainable_variables]
        return dict(zip(weights, found.numpy().tolist(), strict=True))

    @tf.function
    def _squares(self, gradients: Any) -> Any:
        return self._strategy.run(self._square, args=(gradients,))

    @tf.function
    def _update(self, gradients: Any) -> None:
        self._strategy.run(self._apply, args=(gradients,))

    @tf.function
    def _outputs(self, batch: Shares) -> Any:
        return self._strategy.run(self._predict, args=batch)

    def _learn(self, *batch: Shares) -> tuple[Any, Any]:
        """One replica's part of the mean loss, of the hits and of what they are of, whether it has a value that is not
        finite, and its gradients."""
        told, gradients = self._learn_part(batch[0], self._counts[0])
        for part, count in zip(batch[1:], self._counts[1:], strict=True):
            before = [tf.convert_to_tensor(each) for each in gradients]
            with tf.control_dependencies(before):  # one after the other, to save memory
                more, after = self._learn_part(part, count)
            told, gradients = told + more, [tf.add(one, other) for one, other in zip(before, after, strict=True)]
        return told, gradients

    def _learn_part(self, part: Shares, count: int) -> tuple[Any, Any]:
        """The same of one part of the batch, which has `count` examples on all replicas."""
        *inputs, targets = part
        with tf.GradientTape() as tape, dividing(count):
            outputs = _wide(self._model(_as_asked(self._inputs(*inputs)), training=True))
            losses = self._criterion(targets, outputs)
            # The mean over examples, positions and values.
            loss = tf.reduce_sum(losses) / (self._job.recipe.batch * prod(losses.shape[1:]))
        gradients: Any = tape.gradient(loss, [weight.value for weight in self._model.trainable_variables])
        # A norm is not finite if any value is not.
        size = tf.linalg.global_norm([each for each in gradients if each is not None])
        broken = tf.logical_not(tf.math.is_finite(loss + tf.cast(size, loss.dtype)))
        hits = HITS[self._job.recipe.loss](targets, outputs)
        # Together, for one exchange, and in float64, which counts beyond float32's 2^24.
        told = (loss, tf.math.count_nonzero(hits), tf.size(hits), broken)
        return tf.stack([tf.cast(x, tf.float64) for x in told]), gradients

    def _apply(self, gradients: Any) -> None:
        """Update the weights by the gradients, which `apply` clips on one device, and sums over several."""
        if self._job.recipe.clip is not None and self._division.ranks > 1:
            gradients = self._clipped(gradients)
        self._optimizer.apply(gradients, self._model.trainable_variables)

    def _clipped(self, gradients: Any) -> list[Any]:
        """Gradients whose sum over the replicas is the clipped gradient; that of each is too short to be clipped."""
        clipped, _ = tf.clip_by_global_norm(_whole(gradients), self._job.recipe.clip)
        return [each / self._division.ranks for each in clipped]

    def _square(self, gradients: Any) -> Any:
        """The sum of the squares of each weight's gradient, in float64."""
        return tf.stack([tf.reduce_sum(tf.square(tf.cast(each, tf.float64))) for each in _whole(gradients)])

    def _predict(self, *inputs: Any) -> Any:
        """What the model returns, (n, views, …), for one replica's inputs (n, views, …)."""
        views = [tf.reshape(x, (-1, *x.shape[2:])) for x in inputs]
        outputs = _wide(self._model(_as_asked(self._inputs(*views)), training=False))
        return tf.reshape(outputs, (*inputs[0].shape[:2], *outputs.shape[1:]))

    def _inputs(self, *arrays: Any) -> tuple[Any, ...]:
        """The network's inputs, given what a feed has for them."""
        return (self._normalise(*arrays),) if self._normalise else arrays

    def _share(self, *arrays: NDArray[Any]) -> Shares:
        """Each array split into one part for each replica; the parts differ by one example at most."""

        def own(context: Any) -> Shares:
            sizes, rank = self._division.sizes(len(arrays[0])), context.replica_id_in_sync_group
            start = sum(sizes[:rank])
            return tuple(tf.constant(array[start : start + sizes[rank]]) for array in arrays)

        return self._strategy.experimental_distribute_values_from_function(own)

    def _whole_shares(self, count: int) -> int:
        """`count` rounded up to a multiple of the number of replicas."""
        replicas = self._division.ranks
        return -(-count // replicas) * replicas


def _whole(gradients: Any) -> list[Any]:
    """The sums of gradients over the replicas, given those of one."""
    context = tf.distribute.get_replica_context()
    return context.all_reduce(Sum, [tf.convert_to_tensor(each) for each in gradients])


def _as_asked(inputs: tuple[Any, ...]) -> Any:
    """The inputs as a functional model takes them: one alone, several in a list."""
    first, *others = inputs
    return [first, *others] if others else first


def _wide(outputs: Any) -> Any:
    """Outputs in float32, unless the model computes in float64."""
    return tf.cast(outputs, keras.backend.result_type(outputs.dtype, "float32"))


def _padded(images: NDArray[Any], size: int) -> NDArray[Any]:
    """Images (n, ...) with zeros behind them: (size, ...)."""
    return np.pad(images, [(0, size - len(images)), *[(0, 0)] * (images.ndim - 1)])
