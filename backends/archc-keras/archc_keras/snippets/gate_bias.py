"""Biases of an LSTM's gates, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable()
class GateBias(keras.initializers.Initializer):
    """Fills the biases of the second of four gates, the forget gate, with a value."""

    def __init__(self, *, forget: float, others: float) -> None:
        self.forget, self.others = forget, others

    def __call__(self, shape: Any, dtype: Any = None, **options: Any) -> Any:
        units = shape[0] // 4
        gates = [self.others, self.forget, self.others, self.others]
        return ops.repeat(ops.convert_to_tensor(gates, dtype), units)

    def get_config(self) -> dict[str, Any]:
        return {"forget": self.forget, "others": self.others}
