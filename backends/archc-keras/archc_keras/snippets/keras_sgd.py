"""Keras' own SGD, for emitted source."""
# pyright: basic, reportOptionalOperand=false

from typing import Any

import keras
from keras import ops

from archc_keras.snippets.momentum_sgd import MomentumSGD


@keras.saving.register_keras_serializable()
class KerasSGD(MomentumSGD):
    """SGD as `keras.optimizers.SGD`, which cannot save what it does not decay.

    w <- w - weight_decay lr w; v <- momentum v - lr g; w <- w + v.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        velocity = self.velocities[index := self._get_variable_index(variable)]
        lr = ops.cast(self.factors[index] * learning_rate, variable.dtype)
        self.assign_sub(variable, lr * self.decays[index] * variable)
        g: Any = ops.cast(gradient, variable.dtype)
        self.assign(velocity, self.momentum * velocity - lr * g)
        self.assign_add(variable, velocity)
