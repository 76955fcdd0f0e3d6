"""Convolution, as NumPy lacks it."""

import numpy
from numpy.lib.stride_tricks import sliding_window_view


def conv2d(
    x, weight, bias=0, *, stride=(1, 1), padding=((0, 0), (0, 0)), dilation=(1, 1)
):
    """Maps (N, C, H, W) by filters (O, C, kH, kW), zeros around the maps."""
    rows, columns = (
        d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)
    )
    padded = numpy.pad(x, ((0, 0), (0, 0), *padding))
    windows = sliding_window_view(padded, (rows, columns), (2, 3))
    windows = windows[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    sums = numpy.einsum("nchwyx,ocyx->nohw", windows, weight, optimize=True)
    return sums + numpy.reshape(bias, (-1, 1, 1))
