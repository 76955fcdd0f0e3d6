"""2xx: shapes."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD, DENSE_HEAD, HEAD

_LARGE = "  conv1: {{op: conv2d, filters: {}, kernel: 1, padding: 20}}\n"

SHAPES: dict[str, Code] = {
    "ARC201": Code(
        title="the window is larger than its input",
        meaning="The output of a window op has (N - F + 2P) / S + 1 places in each direction, where the F of a "
        "dilated kernel is D (F - 1) + 1. When F exceeds N + 2P there is no place to put the window.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 9, stride: 1}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC202": Code(
        title="the op reads a vector, its input is maps",
        meaning="A dense layer multiplies a vector, a softmax ranks one. Maps of C x H x W must be flattened first, "
        "in an order that the spec then states. Add `flat: {op: flatten}` before it.",
        failing=DENSE_HEAD + "  fc1: {op: dense, units: 10}\n",
        corrected=DENSE_HEAD + "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n",
    ),
    "ARC203": Code(
        title="the op reads maps, its input is a vector",
        meaning="Convolutions, pools and local response normalisation need channels, height and width. "
        "They stand before the flatten.",
        failing=HEAD + "  flat: {op: flatten}\n  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  flat: {op: flatten}\n",
    ),
    "ARC204": Code(
        title="inputs of unequal shape",
        meaning="`add` needs equal shapes; `concat` joins channels, so height and width must be equal.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  sum1: {op: add, from: [image, pool1]}\n",
        corrected=HEAD
        + "  pool1: {op: max_pool2d, kernel: 3, stride: 1, padding: 1}\n  sum1: {op: add, from: [image, pool1]}\n",
    ),
    "ARC205": Code(
        title="an output too large to be meant",
        meaning="No tensor of a spec may hold more than 2^40 values, and no layer more than 2^40 parameters.",
        failing=CONV_HEAD + _LARGE.format(2_000_000_000),
        corrected=CONV_HEAD + _LARGE.format(20),
    ),
    "ARC206": Code(
        title="two softmaxes in a row",
        meaning="A softmax of a softmax flattens the distribution towards uniform: with 1000 classes the largest "
        "possible probability becomes 0.27 %. Keep the last one.",
        failing=HEAD + "  flat: {op: flatten}\n  prob1: {op: softmax}\n  prob2: {op: softmax}\n",
        corrected=HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n",
    ),
    "ARC210": Code(
        title="filters or maps do not split into the groups",
        meaning="A convolution in G groups gives each group 1/G of the input maps and 1/G of the filters. "
        "Both counts must be multiples of G.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, groups: 3}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3, groups: 3}\n",
    ),
}
