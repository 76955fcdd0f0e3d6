"""Transposed convolution in groups and with any padding, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import initializers, layers, ops


@keras.saving.register_keras_serializable()
class ConvTranspose(layers.Layer):
    """A transposed convolution in groups, from whose whole output `cut` is cut off.

    `cut` has two numbers for each axis, ((top, bottom), (left, right)) of maps; less
    than nothing is added instead. The kernel has the shape (height, width, filters /
    groups, maps), of a sequence no height. A dilated kernel is filled up with zeros,
    because TensorFlow dilates none on a CPU.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, ...],
        cut: Any,
        strides: Any = 1,
        dilation_rate: tuple[int, ...] | None = None,
        groups: int = 1,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.groups, self.use_bias = filters, groups, use_bias
        self.kernel_size, self.cut = kernel_size, cut
        self.strides = strides
        self.dilation_rate = dilation_rate or (1,) * len(kernel_size)
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
        added = ((0, 0), *((0, max(-after, 0)) for _, after in self.cut), (0, 0))
        filled: Any = ops.pad(whole, added)
        sides = zip(whole.shape[1:-1], self.cut, strict=True)
        places = (slice(before, n - after) for n, (before, after) in sides)
        y = filled[(slice(None), *places)]
        return y + self.bias if self.use_bias else y

    def dilated(self) -> Any:
        kernel: Any = self.kernel
        sizes = zip(self.kernel_size, self.dilation_rate, strict=True)
        for axis, (size, rate) in enumerate(sizes):
            places = range((size - 1) * rate + 1)
            zero = [(0, int(i == axis)) for i in range(len(kernel.shape))]
            taken = [i // rate if i % rate == 0 else size for i in places]
            kernel = ops.take(ops.pad(kernel, zero), taken, axis)
        return kernel
