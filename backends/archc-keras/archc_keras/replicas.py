"""Layers that compute with the examples of all replicas, so that the result does not depend on the number of replicas.

The emitted file is for one device. `share` gives the layers of its model, mirrored on several, what Keras' own lack:
Keras would normalise over the examples of each replica, or, with `synchronized=True`, compute a variance as
E[x²] - E[x]², which has no correct digits where the mean is large.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportIncompatibleMethodOverride=false, reportUntypedBaseClass=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from math import prod
from threading import local
from typing import Any

import keras
import tensorflow as tf

from archc.training.share import Share


class _Divided(local):
    """How many examples all replicas compute at once: each has a thread of its own, in which it builds its graph."""

    count = 0


_divided = _Divided()


@contextmanager
def dividing(count: int) -> Generator[None]:
    """Tell the shared layers how many examples all replicas together compute within the context."""
    _divided.count = count
    yield


def share(model: Any, share: Share) -> None:
    """Let the layers of a mirrored model compute with all examples of a batch, which is divided as shared."""
    for layer in model.layers:
        for kind in (SharedBatchNorm, SharedDropout):
            if isinstance(layer, kind.__base__):
                layer.__class__ = kind
                layer.share = share


class SharedBatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation of (n, …, C) by the means and variances of the whole batch, on each replica.

    The running variance is unbiased, as in the emitted layer.
    """

    share: Share

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if not training:
            return super().call(inputs, training=False)
        x = tf.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        count = _divided.count * prod(x.shape[1:-1])
        mean = _over_replicas(x) / count
        variance = _over_replicas(tf.square(x - mean)) / count
        unbiased = variance * (count / (count - 1))
        running: Any = ((self.moving_mean, mean), (self.moving_variance, unbiased))
        for kept, new in running:
            kept.assign(kept * self.momentum + tf.cast(new, kept.dtype) * (1 - self.momentum))
        learned: Any = (self.beta, self.gamma)
        beta, gamma = (None if each is None else tf.cast(each.value, x.dtype) for each in learned)
        normalise: Any = tf.nn.batch_normalization  # whose types forbid None
        return tf.cast(normalise(x, mean, variance, beta, gamma, self.epsilon), self.compute_dtype)


class SharedDropout(keras.layers.Dropout):
    """Dropout by one mask: each replica draws that of the whole batch, from the same seed, and uses its part."""

    share: Share

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or not self.rate:
            return inputs
        mask = super().call(tf.ones((_divided.count, *inputs.shape[1:]), inputs.dtype), training=True)
        sizes = tf.constant(self.share.sizes(_divided.count))
        rank = tf.distribute.get_replica_context().replica_id_in_sync_group
        return inputs * mask[tf.reduce_sum(sizes[:rank]) :][: inputs.shape[0]]


def _over_replicas(values: Any) -> Any:
    """The sum of (n, …, C) over the examples and places of all replicas: (C,)."""
    own = tf.reduce_sum(values, [*range(values.shape.rank - 1)])
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, own)
