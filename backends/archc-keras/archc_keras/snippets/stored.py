"""A model's variables from the weights of a file, for emitted source."""
# pyright: basic

from typing import Any


def stored(weights: dict[str, Any], variable: Any) -> Any:
    """Take a variable's values out of weights, with their axes in Keras' order."""
    *layer, own = variable.path.replace("-", ".").split("/")
    names = {"bias": "bias", "beta": "bias", "moving_mean": "mean"}
    name = {**names, "moving_variance": "variance"}.get(own, "weight")
    value = weights.pop(".".join((*layer, name)))
    if own == "embeddings":
        return value
    if own == "kernel":  # (O, I, ...) -> (..., I, O)
        return value.transpose(*range(2, value.ndim), 1, 0)
    # (C, ...) -> (..., C), or a number for each map
    moved = value.transpose(*range(1, value.ndim), 0)
    return moved.reshape(variable.shape) if own == "alpha" else moved
