"""Convolution in a group for each map, all of them at once."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class DepthwiseConv2D(layers.Conv2D):
    """A Conv2D with a group for each map, many times faster in TensorFlow on a CPU."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        each = ops.reshape(kernel, (*self.kernel_size, inputs.shape[-1], -1))
        return ops.depthwise_conv(inputs, each, self.strides[0], self.padding)
