"""AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012).

Emitted by archc for Keras. Input (N, 227, 227, 3), output (N, 1000). 60,965,224
parameters, 724,406,816 multiply-accumulates an example.
"""

from typing import Any

import keras
from keras import initializers, layers, ops


def normal(std: float) -> initializers.Initializer:
    """Weights of mean 0. One for each layer: an initializer draws the same twice."""
    return initializers.RandomNormal(stddev=std)


class GroupedConv2D(layers.Conv2D):
    """A Conv2D that computes each of its groups by itself and joins their maps.

    The same weights and results; TensorFlow on a CPU is several times as fast at it.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        convolve = super().convolution_op
        maps = ops.split(inputs, self.groups, axis=-1)
        kernels = ops.split(kernel, self.groups, axis=-1)
        return ops.concatenate(list(map(convolve, maps, kernels)), axis=-1)


class LocalResponseNorm(layers.Layer):
    """Divides each value by the energy of its neighbours in `size` maps.

    y = x / (k + alpha / size * sum of squares)^beta, the sum running over a window of
    `size` maps that stays inside its group of maps: (N, H, W, C) -> (N, H, W, C). The
    window of an even size leans to the lower maps, as in PyTorch.
    """

    def __init__(
        self,
        size: int,
        alpha: float,
        beta: float,
        k: float,
        groups: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.groups = groups

    def call(self, x: Any) -> Any:
        count = x.shape[-1] // self.groups
        wide = keras.backend.result_type(x.dtype, "float32")
        maps = ops.cast(ops.reshape(x, (-1, count)), wide)
        # Column i of this band of ones picks the maps in the window around map i.
        before, after = self.size // 2, (self.size - 1) // 2
        band = ops.triu(ops.tril(ops.ones((count, count), wide), before), -after)
        d = self.k + self.alpha / self.size * ops.matmul(ops.square(maps), band)
        # d^-beta; `power` and its gradient take three times as long on a CPU.
        y = ops.multiply(maps, ops.exp(-self.beta * ops.log(d)))
        return ops.cast(ops.reshape(y, (-1, *x.shape[1:])), x.dtype)

    def get_config(self) -> dict[str, Any]:
        fields = ("size", "alpha", "beta", "k", "groups")
        return super().get_config() | {name: getattr(self, name) for name in fields}


class Alexnet(keras.Model):
    """Logits from a call, class probabilities from `predict`."""

    def __init__(self) -> None:
        image = keras.Input((227, 227, 3), name="image")
        x = layers.Conv2D(
            96, 11, strides=4, kernel_initializer=normal(0.01), name="conv1"
        )(image)  # 55 x 55 x 96
        x = layers.ReLU(name="relu1")(x)  # 55 x 55 x 96
        x = LocalResponseNorm(
            5, alpha=0.0001, beta=0.75, k=2.0, groups=2, name="norm1"
        )(x)  # 55 x 55 x 96
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # 27 x 27 x 96
        x = GroupedConv2D(
            256,
            5,
            padding="same",
            groups=2,
            kernel_initializer=normal(0.01),
            bias_initializer="ones",
            name="conv2",
        )(x)  # 27 x 27 x 256
        x = layers.ReLU(name="relu2")(x)  # 27 x 27 x 256
        x = LocalResponseNorm(
            5, alpha=0.0001, beta=0.75, k=2.0, groups=2, name="norm2"
        )(x)  # 27 x 27 x 256
        x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)  # 13 x 13 x 256
        x = layers.Conv2D(
            384, 3, padding="same", kernel_initializer=normal(0.01), name="conv3"
        )(x)  # 13 x 13 x 384
        x = layers.ReLU(name="relu3")(x)  # 13 x 13 x 384
        x = GroupedConv2D(
            384,
            3,
            padding="same",
            groups=2,
            kernel_initializer=normal(0.01),
            bias_initializer="ones",
            name="conv4",
        )(x)  # 13 x 13 x 384
        x = layers.ReLU(name="relu4")(x)  # 13 x 13 x 384
        x = GroupedConv2D(
            256,
            3,
            padding="same",
            groups=2,
            kernel_initializer=normal(0.01),
            bias_initializer="ones",
            name="conv5",
        )(x)  # 13 x 13 x 256
        x = layers.ReLU(name="relu5")(x)  # 13 x 13 x 256
        x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)  # 6 x 6 x 256
        x = layers.Permute((3, 1, 2), name="flat_order")(x)
        x = layers.Flatten(name="flat")(x)  # 9216
        x = layers.Dense(
            4096, kernel_initializer=normal(0.01), bias_initializer="ones", name="fc6"
        )(x)  # 4096
        x = layers.ReLU(name="relu6")(x)  # 4096
        x = layers.Dropout(0.5, name="drop6")(x)  # 4096
        x = layers.Dense(
            4096, kernel_initializer=normal(0.01), bias_initializer="ones", name="fc7"
        )(x)  # 4096
        x = layers.ReLU(name="relu7")(x)  # 4096
        x = layers.Dropout(0.5, name="drop7")(x)  # 4096
        x = layers.Dense(1000, kernel_initializer=normal(0.01), name="fc8")(x)  # 1000
        super().__init__(image, x, name="alexnet")

    def predict(self, *arguments: Any, **options: Any) -> Any:
        """Class probabilities: (N, 227, 227, 3) -> (N, 1000)."""
        logits = super().predict(*arguments, **options)
        return ops.convert_to_numpy(ops.softmax(logits))


if __name__ == "__main__":
    model = Alexnet()
    print(f"{type(model).__name__}: {model.count_params():,} parameters")
