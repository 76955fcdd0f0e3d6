"""A recurrent layer's variables from the weights of a file, for emitted source."""
# pyright: basic

from typing import Any

from keras import ops

from archc_keras.snippets.stored import stored


def recurrent_stored(weights: dict[str, Any], variable: Any) -> Any:
    """As `stored`, but of a recurrent layer with its gates in Keras' order."""
    path, *inner, own = variable.path.split("/")
    if not inner or inner[-1] not in ("lstm_cell", "gru_cell"):
        return stored(weights, variable)
    way = "reverse_" if inner[0].startswith("backward_") else ""
    names = {"kernel": ["input_weight"], "recurrent_kernel": ["recurrent_weight"]}
    biases = ["input_bias", "recurrent_bias"][: len(variable.shape)]
    values: list[Any] = []
    for name in names.get(own, biases):
        value = weights.pop(f"{path.replace('-', '.')}.{way}{name}")
        if inner[-1] == "gru_cell":  # Keras has the update gate before the reset gate
            gates = value.reshape(3, -1, *value.shape[1:])
            value = gates[[1, 0, 2]].reshape(value.shape)
        values.append(value.T)
    return ops.stack(values) if len(values) > 1 else values[0]
