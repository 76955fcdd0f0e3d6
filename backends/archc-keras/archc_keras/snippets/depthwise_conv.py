"""Convolution in a group for each map, all of them at once."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class DepthwiseConv2D(layers.Conv2D):
    """A Conv2D with a group for each map, which it computes at once.

    Same weights and results as Conv2D, many times faster in TensorFlow on a CPU.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        each = ops.reshape(kernel, (*self.kernel_size, inputs.shape[-1], -1))
        options: Any = (self.strides, self.padding, None, self.dilation_rate)
        return ops.depthwise_conv(inputs, each, *options)
