"""graph.

Emitted by archc for Keras. Input (N, 17, 19, 3), output (N, 5) and (N, 2). 1,335
parameters, 25,222 multiply-accumulates an example.
"""

import math
from typing import Any

import keras
from keras import initializers, layers, ops


def normal(std: float) -> initializers.Initializer:
    """Weights of mean 0. One for each layer: an initializer draws the same twice."""
    return initializers.RandomNormal(stddev=std)


def he_normal() -> initializers.Initializer:
    """Weights of variance 2 / fan-in, the normal distribution not truncated.

    One for each layer: an initializer draws the same twice.
    """
    return initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")


class GroupedConv2D(layers.Conv2D):
    """A Conv2D that computes each of its groups by itself and joins their maps.

    The same weights and results; TensorFlow on a CPU is several times as fast at it.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        convolve = super().convolution_op
        maps = ops.split(inputs, self.groups, axis=-1)
        kernels = ops.split(kernel, self.groups, axis=-1)
        return ops.concatenate(list(map(convolve, maps, kernels)), axis=-1)


class LowestPadding2D(layers.ZeroPadding2D):
    """Pads maps with minus infinity, which no maximum picks."""

    def call(self, inputs: Any) -> Any:
        margins = ((0, 0), *self.padding, (0, 0))
        return ops.pad(inputs, margins, constant_values=-math.inf)


class SpatialResponseNorm(layers.Layer):
    """Divides each value by the energy around it in its map.

    y = x / (k + alpha / size^2 * sum of squares over size x size places)^beta, nothing
    lying beyond the edges: (N, H, W, C) -> (N, H, W, C). The window of an even size
    leans up and to the left.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        wide = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
        margins = (self.size // 2, (self.size - 1) // 2)
        squares = ops.pad(ops.square(wide), ((0, 0), margins, margins, (0, 0)))
        mean = ops.average_pool(squares, self.size, strides=1)
        # d^-beta; `power` and its gradient take three times as long on a CPU.
        scale = ops.exp(-self.beta * ops.log(self.k + self.alpha * mean))
        return ops.cast(ops.multiply(wide, scale), x.dtype)

    def get_config(self) -> dict[str, Any]:
        fields = ("size", "alpha", "beta", "k")
        return super().get_config() | {name: getattr(self, name) for name in fields}


class Graph(keras.Model):
    """(N, 17, 19, 3) -> (N, 5), (N, 2)."""

    def __init__(self) -> None:
        x_ = keras.Input((17, 19, 3), name="x")
        class_ = layers.ZeroPadding2D(((0, 2), (1, 0)), name="class_pad")(x_)
        class_ = layers.Conv2D(
            6,
            3,
            strides=2,
            kernel_initializer=he_normal(),
            bias_initializer=initializers.Constant(0.25),
            name="class",
        )(class_)  # 9 x 9 x 6
        l_ = LowestPadding2D(((1, 1), (1, 1)), name="l_pad")(class_)
        l_ = layers.MaxPooling2D((3, 2), strides=2, name="l")(l_)  # 5 x 5 x 6
        keras_ = layers.MaxPooling2D(
            2,
            strides=2,
            padding="same",
            name="keras",
        )(class_)  # 5 x 5 x 6
        both = layers.Concatenate(name="both")([l_, keras_])  # 5 x 5 x 12
        norm = SpatialResponseNorm(
            3,
            alpha=0.001,
            beta=0.75,
            k=1.0,
            name="norm",
        )(both)  # 5 x 5 x 12
        dil = layers.Conv2D(
            4,
            3,
            padding="same",
            dilation_rate=2,
            use_bias=False,
            kernel_initializer=normal(0.02),
            name="dil",
        )(norm)  # 5 x 5 x 4
        tan = layers.Activation("tanh", name="tan")(dil)  # 5 x 5 x 4
        lin = GroupedConv2D(
            4, 1, groups=2, kernel_initializer=normal(0.02), name="lin"
        )(norm)  # 5 x 5 x 4
        sum = layers.Add(name="sum")([tan, lin])  # 5 x 5 x 4
        flat = layers.Permute((3, 1, 2), name="flat_order")(sum)
        flat = layers.Flatten(name="flat")(flat)  # 100
        fc = layers.Dense(5, kernel_initializer=he_normal(), name="fc")(flat)  # 5
        side = layers.Softmax(name="side")(fc)  # 5
        other = layers.Dense(2, kernel_initializer=he_normal(), name="other")(flat)  # 2
        super().__init__(x_, [side, other], name="graph")


if __name__ == "__main__":
    model = Graph()
    print(f"{type(model).__name__}: {model.count_params():,} parameters")
