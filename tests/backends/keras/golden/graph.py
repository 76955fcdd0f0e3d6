"""graph.

Input (N, 17, 19, 3), outputs (N, 5), (N, 2). 1,335 parameters, 25,222
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build graph.yaml --backend keras`; SHA-256 of graph.yaml:
352baae22eb29b02fc8c90ad7f5bb237e696cbba427e478987bc97db582d868d.
"""

import math
from typing import Any

import keras  # type: ignore[import-untyped]
from keras import initializers, layers, ops


@keras.saving.register_keras_serializable()
class Graph(keras.Model):
    """(N, 17, 19, 3) -> (N, 5), (N, 2)."""

    def __init__(self) -> None:
        x_ = keras.Input((17, 19, 3), name="x")
        x = layers.ZeroPadding2D(((0, 2), (1, 0)), name="class_pad")(x_)
        # 9 x 9 x 6
        class_ = layers.Conv2D(6, 3, strides=2, **he(bias=0.25), name="class")(x)
        x = LowestPadding2D(((1, 1), (1, 1)), name="l_pad")(class_)
        l_ = layers.MaxPooling2D((3, 2), strides=2, name="l")(x)  # 5 x 5 x 6
        # 5 x 5 x 6
        x = layers.MaxPooling2D(2, strides=2, padding="same", name="keras")(class_)
        x = layers.Concatenate(name="both")([l_, x])  # 5 x 5 x 12
        # 5 x 5 x 12
        norm = SpatialResponseNorm(3, alpha=0.001, beta=0.75, k=1, name="norm")(x)
        # 5 x 5 x 4
        x = layers.Conv2D(
            4,
            3,
            padding="same",
            dilation_rate=2,
            use_bias=False,
            **normal(0.02),
            name="dil",
        )(norm)
        tan = layers.Activation("tanh", name="tan")(x)  # 5 x 5 x 4
        x = GroupedConv2D(4, 1, groups=2, **normal(0.02), name="lin")(norm)  # 5 x 5 x 4
        x = layers.Add(name="sum")([tan, x])  # 5 x 5 x 4
        x = layers.Permute((3, 1, 2), name="flat_order")(x)
        flat = layers.Flatten(name="flat")(x)  # 100
        # 5
        x = layers.Dense(
            5,
            **drawn(
                keras.initializers.VarianceScaling(
                    0.01, "fan_avg", "untruncated_normal"
                ),
            ),
            name="fc",
        )(flat)
        side = layers.Softmax(name="side")(x)  # 5
        # 2
        other = layers.Dense(
            2,
            **drawn(
                keras.initializers.VarianceScaling(
                    0.01, "fan_avg", "untruncated_normal"
                ),
            ),
            name="other",
        )(flat)
        super().__init__(x_, [side, other], name="graph")

    def get_config(self) -> dict[str, Any]:
        """No options: the class is the whole architecture."""
        return {}


def normal(std: float, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights around 0, and a constant bias."""
    weights = initializers.RandomNormal(stddev=std)
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}


def he(bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights of variance 2 / fan-in, and a constant bias."""
    weights = initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}


def drawn(weights: Any, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: that of the weights, and a constant bias."""
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}


@keras.saving.register_keras_serializable()
class GroupedConv2D(layers.Conv2D):
    """A Conv2D that convolves its groups one by one and concatenates their maps.

    Same weights and results as Conv2D, several times faster in TensorFlow on a CPU.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        convolve = super().convolution_op
        maps: Any = ops.split(inputs, self.groups, axis=-1)
        kernels: Any = ops.split(kernel, self.groups, axis=-1)
        return ops.concatenate(list(map(convolve, maps, kernels)), axis=-1)


@keras.saving.register_keras_serializable()
class LowestPadding2D(layers.ZeroPadding2D):
    """Pads with minus infinity, so that max pooling never picks the padding."""

    def call(self, inputs: Any) -> Any:
        margins = ((0, 0), *self.padding, (0, 0))
        return ops.pad(inputs, margins, constant_values=-math.inf)


@keras.saving.register_keras_serializable()
class SpatialResponseNorm(layers.Layer):
    """Local response normalisation over size x size neighbours in the same map.

    (N, H, W, C) -> (N, H, W, C): y = x / (k + alpha / size^2 * sum of squares)^beta.
    Values beyond the edges count as zero. An even window has one more row above its
    centre and one more column to its left.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        width = "float64" if self.compute_dtype == "float64" else "float32"
        wide: Any = ops.cast(x, width)
        margins = (self.size // 2, (self.size - 1) // 2)
        # The weight is under the square: with 0, a square beyond float32 would be NaN.
        squares = ops.square(self.alpha**0.5 * wide)
        squares = ops.pad(squares, ((0, 0), margins, margins, (0, 0)))
        mean: Any = ops.average_pool(squares, self.size, strides=1)
        # d^-beta: on a CPU, `power` and its gradient would take three times as long.
        logarithm: Any = ops.log(self.k + mean)
        return ops.cast(wide * ops.exp(-self.beta * logarithm), x.dtype)


def check() -> None:
    """Build the network, check its parameters and output shapes, train one step."""
    keras.utils.set_random_seed(0)
    model = Graph()
    count = sum(math.prod(w.shape) for w in model.trainable_weights)
    assert count == 1_335, f"{count:,} parameters, not 1,335"
    images = keras.random.normal((2, 17, 19, 3))
    outputs: Any = model(images)
    shapes = [tuple(output.shape) for output in outputs]
    expected = [(2, 5), (2, 2)]
    assert shapes == expected, f"outputs {shapes}, not {expected}"
    targets = [ops.zeros_like(output) for output in outputs]
    model.compile("sgd", "mean_squared_error")
    loss = model.train_on_batch(images, targets, return_dict=True)["loss"]
    finite = all(ops.all(ops.isfinite(w)) for w in model.weights)
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
