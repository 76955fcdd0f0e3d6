"""ResNet-18 with few maps, under the names of torchvision.

Input (N, 33, 33, 3), output (N, 10). 56,554 parameters, 1,142,688
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build residual.yaml --backend keras`; SHA-256 of residual.yaml:
46d1823b609d3cf51ce7bf094ca5293b9347b5c22443f0d64dccf64438eb4ecd.
"""

import math
from typing import Any

import keras  # type: ignore[import-untyped]
from keras import initializers, layers, ops


def basic(input: Any, filters: int, *, name: str) -> Any:
    """The spec's block basic, used as layer1.0 and 8 more."""
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, **he(), name=f"{name}-conv1"
    )(input)
    x = BatchNorm(momentum=0.9, epsilon=1e-5, name=f"{name}-bn1")(x)
    x = layers.ReLU(name=f"{name}-relu1")(x)
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, **he(), name=f"{name}-conv2"
    )(x)
    x = BatchNorm(momentum=0.9, epsilon=1e-5, name=f"{name}-bn2")(x)
    x = layers.Add(name=f"{name}-sum")([x, input])
    return layers.ReLU(name=f"{name}-relu2")(x)


def down(input: Any, filters: int, stride: int = 2, *, name: str) -> Any:
    """The spec's block down, used as layer2.0 and 2 more."""
    x = layers.Conv2D(
        filters, 3, stride, padding="same", use_bias=False, **he(), name=f"{name}-conv1"
    )(input)
    x = BatchNorm(momentum=0.9, epsilon=1e-5, name=f"{name}-bn1")(x)
    x = layers.ReLU(name=f"{name}-relu1")(x)
    x = layers.Conv2D(
        filters, 3, padding="same", use_bias=False, **he(), name=f"{name}-conv2"
    )(x)
    bn2 = BatchNorm(momentum=0.9, epsilon=1e-5, name=f"{name}-bn2")(x)
    x = layers.Conv2D(
        filters, 1, strides=stride, use_bias=False, **he(), name=f"{name}-downsample-0"
    )(input)
    x = BatchNorm(momentum=0.9, epsilon=1e-5, name=f"{name}-downsample-1")(x)
    x = layers.Add(name=f"{name}-sum")([bn2, x])
    return layers.ReLU(name=f"{name}-relu2")(x)


@keras.saving.register_keras_serializable()
class Residual(keras.Model):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        image = keras.Input((33, 33, 3), name="image")
        x = layers.Conv2D(
            8, 7, strides=2, padding="same", use_bias=False, **he(), name="conv1"
        )(image)
        x = BatchNorm(momentum=0.9, epsilon=1e-5, name="bn1")(x)
        x = layers.ReLU(name="relu")(x)  # 17 x 17 x 8
        x = layers.MaxPooling2D(3, strides=2, padding="same", name="maxpool")(x)
        for i in range(3):
            x = basic(x, 8, name=f"layer1-{i}")  # 9 x 9 x 8
        x = down(x, 12, name="layer2-0")
        x = basic(x, 12, name="layer2-1")  # 5 x 5 x 12
        x = down(x, 16, name="layer3-0")
        x = basic(x, 16, name="layer3-1")  # 3 x 3 x 16
        x = down(x, 20, stride=1, name="layer4-0")
        for i in range(4):
            x = basic(x, 20, name=f"layer4-{i + 1}")  # 3 x 3 x 20
        x = layers.Permute((3, 1, 2), name="flatten_order")(x)
        x = layers.Flatten(name="flatten")(x)  # 180
        x = layers.Dense(10, **normal(0.01), name="fc")(x)  # 10
        super().__init__(image, x, name="residual")

    def predict(self, *arguments: Any, **options: Any) -> Any:
        """Class probabilities: (N, 33, 33, 3) -> (N, 10)."""
        return ops.convert_to_numpy(ops.softmax(super().predict(*arguments, **options)))

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


@keras.saving.register_keras_serializable()
class BatchNorm(layers.BatchNormalization):
    """BatchNormalization with an unbiased running variance, as in PyTorch."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        variance: Any = self.moving_variance
        kept = variance * self.momentum  # a copy, which the update does not change
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            added = variance - kept
            count: Any = ops.cast(ops.size(inputs) // inputs.shape[-1], added.dtype)
            variance.assign_add(added / (count - 1))  # Keras divides by n, not n - 1
        return outputs


def check() -> None:
    """Build the network, check its parameters and output shapes, train one step."""
    keras.utils.set_random_seed(0)
    model = Residual()
    count = sum(math.prod(w.shape) for w in model.trainable_weights)
    assert count == 56_554, f"{count:,} parameters, not 56,554"
    images = keras.random.normal((2, 33, 33, 3))
    output: Any = model(images)
    shape = tuple(output.shape)
    assert shape == (2, 10), f"output {shape}, not (2, 10)"
    targets = keras.random.randint((2,), 0, 10)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    loss = model.train_on_batch(images, targets)
    finite = all(ops.all(ops.isfinite(w)) for w in model.weights)
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
