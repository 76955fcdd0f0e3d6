"""He-normal weights, as emitted into a model's source."""
# pyright: basic

from keras import initializers


def he_normal() -> initializers.Initializer:
    """Weights of variance 2 / fan-in, the normal distribution not truncated.

    One for each layer: an initializer draws the same twice.
    """
    return initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
