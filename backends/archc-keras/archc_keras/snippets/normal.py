"""Normal weights, as emitted into a model's source."""
# pyright: basic

from keras import initializers


def normal(std: float) -> initializers.Initializer:
    """Weights of mean 0. One for each layer: an initializer draws the same twice."""
    return initializers.RandomNormal(stddev=std)
