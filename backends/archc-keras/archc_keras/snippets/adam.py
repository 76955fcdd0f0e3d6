"""Adam and AdamW by PyTorch's rule, for emitted source."""
# pyright: basic, reportOptionalOperand=false

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class Adam(keras.optimizers.Optimizer):
    """Adam, and AdamW if `decoupled`, by PyTorch's rule.

    m <- beta_1 m + (1 - beta_1) g; v <- beta_2 v + (1 - beta_2) g²; in step t,
    w <- w - lr m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon).

    g includes weight_decay w, unless decoupled: w <- w - lr weight_decay w before it.
    Variables named in `undecayed` have no weight decay, and `lr_factors` multiply lr.
    `keras.optimizers.Adam` adds epsilon to sqrt(v), so it differs.
    """

    def __init__(
        self,
        learning_rate: Any,
        beta_1: float,
        beta_2: float,
        epsilon: float,
        weight_decay: float,
        undecayed: tuple[str, ...],
        decoupled: bool = False,
        lr_factors: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        # Keras would apply its own weight decay if this were `self.weight_decay`.
        self.decay, self.decoupled = weight_decay, decoupled
        self.undecayed, self.lr_factors = tuple(undecayed), dict(lr_factors or {})

    def build(self, variables: list[Any]) -> None:
        if not self.built:
            super().build(variables)
            self.means = self.add_optimizer_variables(variables, "mean")
            self.squares = self.add_optimizer_variables(variables, "square")
            spared = dict.fromkeys(self.undecayed, 0.0)
            self.decays = [spared.get(v.name, self.decay) for v in variables]
            self.factors = [self.lr_factors.get(v.name, 1) for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        index = self._get_variable_index(variable)
        m, v = self.means[index], self.squares[index]
        lr: Any = ops.cast(self.factors[index] * learning_rate, variable.dtype)
        # A whole tensor: the gradient of an embedding has only the rows in use.
        g: Any = ops.add(ops.cast(gradient, variable.dtype), ops.zeros_like(variable))
        decay = self.decays[index]
        w: Any = variable
        if decay and self.decoupled:
            w = w - lr * decay * w
        elif decay:
            g = g + decay * w
        self.assign_add(m, (1 - self.beta_1) * (g - m))
        self.assign_add(v, (1 - self.beta_2) * (g * g - v))
        root: Any = ops.sqrt(v / self.begun(self.beta_2, variable.dtype))
        mean = m / self.begun(self.beta_1, variable.dtype)
        self.assign(variable, w - lr * mean / (root + self.epsilon))

    def begun(self, beta: float, dtype: Any) -> Any:
        """1 - beta^t, without the cancellation of float32."""
        t: Any = ops.cast(self.iterations, dtype)
        power: Any = ops.expm1((t + 1) * math.log(beta)) if beta else -1.0
        return -power

    def get_config(self) -> dict[str, Any]:
        figures: Any = {"beta_1": self.beta_1, "beta_2": self.beta_2}
        figures |= {"epsilon": self.epsilon, "weight_decay": self.decay}
        names = {"undecayed": list(self.undecayed), "lr_factors": self.lr_factors}
        config = super().get_config() | figures | names
        return config | {"decoupled": self.decoupled}
