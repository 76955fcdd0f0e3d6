"""Transposed convolution in groups and with any padding, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import initializers, layers, ops


@keras.saving.register_keras_serializable()
class ConvTranspose2D(layers.Layer):
    """A Conv2DTranspose in groups, from whose whole output `cut` is cut off.

    `cut` is ((top, bottom), (left, right)); less than nothing is added instead. The
    kernel has the shape (height, width, filters / groups, maps). A dilated kernel is
    filled up with zeros, because TensorFlow dilates none on a CPU.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        cut: Any,
        strides: Any = 1,
        dilation_rate: tuple[int, int] = (1, 1),
        groups: int = 1,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.groups, self.use_bias = filters, groups, use_bias
        self.kernel_size, self.cut = kernel_size, cut
        self.strides, self.dilation_rate = strides, dilation_rate
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        shape = (*self.kernel_size, self.filters // self.groups, input_shape[-1])
        begin = self.kernel_initializer
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=begin)
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer=self.bias_initializer
            )

    def call(self, x: Any) -> Any:
        maps: Any = ops.split(x, self.groups, axis=-1)
        kernels: Any = ops.split(self.dilated(), self.groups, axis=-1)
        pairs = zip(maps, kernels, strict=True)
        parts = [ops.conv_transpose(*pair, strides=self.strides) for pair in pairs]
        whole: Any = ops.concatenate(parts, axis=-1)
        (top, bottom), (left, right) = self.cut
        added = ((0, 0), (0, max(-bottom, 0)), (0, max(-right, 0)), (0, 0))
        height, width = whole.shape[1] - bottom, whole.shape[2] - right
        filled: Any = ops.pad(whole, added)
        y = filled[:, top:height, left:width]
        return y + self.bias if self.use_bias else y

    def dilated(self) -> Any:
        (rows, columns), (high, wide) = self.kernel_size, self.dilation_rate
        apart = ops.reshape(self.kernel, (rows, 1, columns, 1, *self.kernel.shape[2:]))
        zeros = ((0, 0), (0, high - 1), (0, 0), (0, wide - 1), (0, 0), (0, 0))
        shape = (rows * high, columns * wide, *self.kernel.shape[2:])
        filled: Any = ops.reshape(ops.pad(apart, zeros), shape)
        return filled[: (rows - 1) * high + 1, : (columns - 1) * wide + 1]
