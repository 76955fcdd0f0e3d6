"""AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012).

Input (N, 227, 227, 3), output (N, 1000). 60,965,224 parameters, 724,406,816
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build alexnet.yaml --backend keras`; SHA-256 of alexnet.yaml:
76db5a97ca38d90a41b30769bed33a5d798d960f42a19618cacfdaefd15f6e6b.
"""

import math
from typing import Any, Self

import keras  # type: ignore[import-untyped]
from keras import initializers, layers, ops


@keras.saving.register_keras_serializable()
class Alexnet(keras.Model):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        image = keras.Input((227, 227, 3), name="image")
        # 55 x 55 x 96
        x = layers.Conv2D(96, 11, strides=4, **normal(0.01), name="conv1")(image)
        x = layers.ReLU(name="relu1")(x)  # 55 x 55 x 96
        # 55 x 55 x 96
        x = LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2, groups=2, name="norm1")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # 27 x 27 x 96
        # 27 x 27 x 256
        x = GroupedConv2D(
            256, 5, padding="same", groups=2, **normal(0.01, bias=1), name="conv2"
        )(x)
        x = layers.ReLU(name="relu2")(x)  # 27 x 27 x 256
        # 27 x 27 x 256
        x = LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2, groups=2, name="norm2")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool2")(x)  # 13 x 13 x 256
        # 13 x 13 x 384
        x = layers.Conv2D(384, 3, padding="same", **normal(0.01), name="conv3")(x)
        x = layers.ReLU(name="relu3")(x)  # 13 x 13 x 384
        # 13 x 13 x 384
        x = GroupedConv2D(
            384, 3, padding="same", groups=2, **normal(0.01, bias=1), name="conv4"
        )(x)
        x = layers.ReLU(name="relu4")(x)  # 13 x 13 x 384
        # 13 x 13 x 256
        x = GroupedConv2D(
            256, 3, padding="same", groups=2, **normal(0.01, bias=1), name="conv5"
        )(x)
        x = layers.ReLU(name="relu5")(x)  # 13 x 13 x 256
        x = layers.MaxPooling2D(3, strides=2, name="pool5")(x)  # 6 x 6 x 256
        x = layers.Permute((3, 1, 2), name="flat_order")(x)
        x = layers.Flatten(name="flat")(x)  # 9216
        x = layers.Dense(4096, **normal(0.01, bias=1), name="fc6")(x)  # 4096
        x = layers.ReLU(name="relu6")(x)  # 4096
        x = layers.Dropout(0.5, name="drop6")(x)  # 4096
        x = layers.Dense(4096, **normal(0.01, bias=1), name="fc7")(x)  # 4096
        x = layers.ReLU(name="relu7")(x)  # 4096
        x = layers.Dropout(0.5, name="drop7")(x)  # 4096
        x = layers.Dense(1000, **normal(0.01), name="fc8")(x)  # 1000
        super().__init__(image, x, name="alexnet")

    def predict(self, *arguments: Any, **options: Any) -> Any:
        """Class probabilities: (N, 227, 227, 3) -> (N, 1000)."""
        return ops.convert_to_numpy(ops.softmax(super().predict(*arguments, **options)))

    @classmethod
    def load(cls, path: str) -> Self:
        """The network with the weights of a safetensors file."""
        from safetensors.numpy import load_file

        model = cls()
        weights = load_file(path)
        for variable in model.weights:
            variable.assign(stored(weights, variable))
        assert not weights, f"unknown weights: {list(weights)}"
        return model

    def get_config(self) -> dict[str, Any]:
        """No options: the class is the whole architecture."""
        return {}


def normal(std: float, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights around 0, and a constant bias."""
    weights = initializers.RandomNormal(stddev=std)
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
class LocalResponseNorm(layers.Layer):
    """Local response normalisation over `size` neighbouring maps in each group.

    (N, H, W, C) -> (N, H, W, C): y = x / (k + alpha / size * sum of squares)^beta. An
    even window has one more map before its centre than after it.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, groups: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.groups = groups

    def call(self, x: Any) -> Any:
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        maps: Any = ops.cast(ops.reshape(x, (-1, x.shape[-1] // self.groups)), wide)
        # The weight is under the square: with 0, a square beyond float32 would be NaN.
        squares = ops.square((self.alpha / self.size) ** 0.5 * maps)
        total = sum_windows(squares, self.size // 2, (self.size - 1) // 2)
        # d^-beta: on a CPU, `power` and its gradient would take three times as long.
        logarithm: Any = ops.log(self.k + total)
        y = maps * ops.exp(-self.beta * logarithm)
        return ops.cast(ops.reshape(y, (-1, *x.shape[1:])), x.dtype)


def sum_windows(values: Any, before: int, after: int) -> Any:
    """Sum the neighbours of each value in the last axis of (M, C), and itself."""

    def add(values: Any, before: int, after: int) -> Any:
        padded: Any = ops.pad(values, ((0, 0), (before, after)))
        last = before + after + 1
        return sum(padded[:, step : step + values.shape[1]] for step in range(last))

    @ops.custom_gradient
    def sums(values: Any) -> Any:
        # TensorFlow's own would pad the gradient of each slice: three times as slow.
        def gradient(*args: Any, upstream: Any = None) -> Any:
            return add(args[0] if upstream is None else upstream, after, before)

        return add(values, before, after), gradient

    return sums(values)


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


def sgd() -> MomentumSGD:
    """The spec's optimizer, with no weight decay on biases."""
    return MomentumSGD(0.01, momentum=0.9, weight_decay=5e-4, undecayed=("bias",))


def plateau() -> keras.callbacks.ReduceLROnPlateau:
    """The spec's schedule for `fit`; it follows the held-out accuracy."""
    return keras.callbacks.ReduceLROnPlateau(
        "val_accuracy", mode="max", factor=0.1, patience=5, min_delta=0, min_lr=1e-5
    )


def check() -> None:
    """Build the network, check its parameters and output shapes, train one step."""
    keras.utils.set_random_seed(0)
    model = Alexnet()
    count = sum(math.prod(w.shape) for w in model.trainable_weights)
    assert count == 60_965_224, f"{count:,} parameters, not 60,965,224"
    images = keras.random.normal((2, 227, 227, 3))
    output: Any = model(images)
    shape = tuple(output.shape)
    assert shape == (2, 1000), f"output {shape}, not (2, 1000)"
    targets = keras.random.randint((2,), 0, 1000)
    model.compile(sgd(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    loss = model.train_on_batch(images, targets)
    finite = all(ops.all(ops.isfinite(w)) for w in model.weights)
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
