"""The AlexNet paper's optimizer, for emitted source."""
# pyright: basic, reportOptionalOperand=false

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class MomentumSGD(keras.optimizers.Optimizer):
    """SGD as in AlexNet: v <- momentum v - weight_decay lr w - lr g; w <- w + v.

    Variables named in `undecayed` have no weight decay, and `lr_factors` multiply lr.
    `keras.optimizers.SGD` keeps weight decay out of the velocity, so it differs.
    """

    def __init__(
        self,
        learning_rate: Any,
        momentum: float,
        weight_decay: float,
        undecayed: tuple[str, ...],
        lr_factors: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        # Keras would apply its own weight decay if this were `self.weight_decay`.
        self.momentum, self.decay = momentum, weight_decay
        self.undecayed, self.lr_factors = tuple(undecayed), dict(lr_factors or {})

    def build(self, variables: list[Any]) -> None:
        if not self.built:
            super().build(variables)
            self.velocities = self.add_optimizer_variables(variables, "velocity")
            spared = dict.fromkeys(self.undecayed, 0.0)
            self.decays = [spared.get(v.name, self.decay) for v in variables]
            self.factors = [self.lr_factors.get(v.name, 1) for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        velocity = self.velocities[index := self._get_variable_index(variable)]
        lr = ops.cast(self.factors[index] * learning_rate, variable.dtype)
        slope = ops.cast(gradient, variable.dtype) + self.decays[index] * variable
        self.assign(velocity, self.momentum * velocity - lr * slope)
        self.assign_add(variable, velocity)

    def get_config(self) -> dict[str, Any]:
        figures: Any = {"momentum": self.momentum, "weight_decay": self.decay}
        figures |= {"undecayed": list(self.undecayed), "lr_factors": self.lr_factors}
        return super().get_config() | figures
