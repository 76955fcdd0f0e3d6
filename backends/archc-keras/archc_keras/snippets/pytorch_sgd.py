"""PyTorch's own SGD, for emitted source."""
# pyright: basic, reportOptionalOperand=false

from typing import Any

import keras
from keras import ops

from archc_keras.snippets.momentum_sgd import MomentumSGD


@keras.saving.register_keras_serializable()
class PyTorchSGD(MomentumSGD):
    """SGD as in PyTorch: v <- momentum v + g + weight_decay w; w <- w - lr v."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        velocity = self.velocities[index := self._get_variable_index(variable)]
        lr = ops.cast(self.factors[index] * learning_rate, variable.dtype)
        slope = ops.cast(gradient, variable.dtype) + self.decays[index] * variable
        self.assign(velocity, self.momentum * velocity + slope)
        self.assign_sub(variable, lr * velocity)
