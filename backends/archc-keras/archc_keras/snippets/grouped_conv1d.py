"""Convolution of sequences in groups, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class GroupedConv1D(layers.Conv1D):
    """A Conv1D that convolves its groups one by one and concatenates their channels.

    Same weights and results as Conv1D, several times faster in TensorFlow on a CPU.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        convolve = super().convolution_op
        channels: Any = ops.split(inputs, self.groups, axis=-1)
        kernels: Any = ops.split(kernel, self.groups, axis=-1)
        return ops.concatenate(list(map(convolve, channels, kernels)), axis=-1)
