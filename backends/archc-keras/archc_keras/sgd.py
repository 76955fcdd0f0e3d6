"""The paper's rule for changing weights, under any strategy: v <- m v - d lr w - lr g; w <- w + v."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from archc.spec import Sgd


class MomentumSgd:
    """Holds a velocity for each weight, in float32 and on each weight's devices.

    Build it in the strategy's scope; call `apply` from a replica. Biases are not decayed unless the rule says so.
    """

    def __init__(self, weights: Sequence[Any], rule: Sgd) -> None:
        self._rule = rule
        self._weights = [weight.value for weight in weights]
        self._decays = [rule.weight_decay if rule.decay_biases or w.name != "bias" else 0.0 for w in weights]
        self._velocities = [tf.Variable(tf.zeros_like(weight), trainable=False) for weight in self._weights]

    def apply(self, gradients: Sequence[Any], lr: Any) -> None:
        """Change the weights by this replica's gradients and those of the others, summed."""
        tf.distribute.get_replica_context().merge_call(self._apply, args=(gradients, lr))

    def _apply(self, strategy: Any, gradients: Sequence[Any], lr: Any) -> None:
        extended = strategy.extended
        pairs = list(zip(gradients, self._weights, strict=True))
        summed = extended.batch_reduce_to(tf.distribute.ReduceOp.SUM, pairs)
        for weight, velocity, gradient, decay in zip(
            self._weights, self._velocities, summed, self._decays, strict=True
        ):
            extended.update(weight, self._change, args=(velocity, gradient, decay, lr), group=False)

    def _change(self, weight: Any, velocity: Any, gradient: Any, decay: float, lr: Any) -> None:
        """One weight on one device."""
        velocity.assign(self._rule.momentum * velocity - lr * (gradient + decay * weight))
        weight.assign_add(velocity)
