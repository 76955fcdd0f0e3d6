"""2xx: shapes."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD, DENSE_HEAD, FREE_HEAD, HEAD, SEQUENCE_HEAD, TOKENS_HEAD

_LARGE = "  conv1: {{op: conv2d, filters: {}, kernel: 1, padding: 20}}\n"

SHAPES: dict[str, Code] = {
    "ARC201": Code(
        title="window larger than its input",
        meaning="A window with kernel K and dilation D spans F = D (K - 1) + 1 values. With stride S and padding P, "
        "it has (N - F + 2P) / S + 1 positions along an axis of N values. If F is larger than N + 2P, the window "
        "does not fit anywhere. With `rounding: ceil`, as in PyTorch's pools, it may hang over the end by less than S. "
        "Use a smaller kernel or dilation, or more padding.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 9, stride: 1}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC202": Code(
        title="expected a vector, got maps",
        meaning="A dense layer reads a vector or a sequence, but the input of this one is maps of C × H × W. Flatten "
        "them first, so that the spec states the order of the values: add `flat: {op: flatten}` before this layer.",
        failing=DENSE_HEAD + "  fc1: {op: dense, units: 10}\n",
        corrected=DENSE_HEAD + "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n",
    ),
    "ARC203": Code(
        title="expected maps, got a vector or a sequence",
        meaning="Convolutions, pools and local response normalisation read maps with channels, height and width, "
        "but the input of this layer is a vector or a sequence. Move the layer before the `flatten`, give the network "
        "maps as its input, or use the op for sequences, such as `conv1d`.",
        failing=HEAD + "  flat: {op: flatten}\n  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  flat: {op: flatten}\n",
    ),
    "ARC204": Code(
        title="inputs of different shapes",
        meaning="The inputs of `add`, `subtract` and `maximum` must have equal shapes; an input of `multiply` may "
        "also have one value for each map. `concat` joins channels, so its inputs must have equal height and width. "
        "Change the stride or padding of the layers that it reads, or read other layers.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  sum1: {op: add, from: [image, pool1]}\n",
        corrected=HEAD
        + "  pool1: {op: max_pool2d, kernel: 3, stride: 1, padding: 1}\n  sum1: {op: add, from: [image, pool1]}\n",
    ),
    "ARC205": Code(
        title="layer too large",
        meaning="A tensor, with its padding, may have at most 2^40 values, and a layer at most 2^40 parameters. Check "
        "the fields of this layer and of the layers before it for a mistyped number.",
        failing=CONV_HEAD + _LARGE.format(2_000_000_000),
        corrected=CONV_HEAD + _LARGE.format(20),
    ),
    "ARC206": Code(
        title="two softmaxes in a row",
        meaning="A softmax of a softmax makes the distribution nearly uniform: with 1000 classes, the largest "
        "possible probability becomes 0.27 %. The same applies if only layers without weights come between them, such "
        "as a flatten or a dropout. Keep only the last one.",
        failing=HEAD + "  flat: {op: flatten}\n  prob1: {op: softmax}\n  prob2: {op: softmax}\n",
        corrected=HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n",
    ),
    "ARC207": Code(
        title="tokens where numbers are expected",
        meaning="Tokens are whole numbers that stand for words or other symbols, so computing with them has no "
        "meaning. Only `embedding` reads them: it gives a learned vector for each token. Add one before this layer.",
        failing=TOKENS_HEAD + "  relu1: {op: relu}\n",
        corrected=TOKENS_HEAD + "  embed1: {op: embedding, channels: 4}\n  relu1: {op: relu}\n",
    ),
    "ARC208": Code(
        title="expected tokens, got numbers",
        meaning="An embedding looks up a learned vector for each token, so its input must be tokens. Declare them as "
        "`input: {words: {tokens: [length], vocabulary: …}}`, or use `dense`, which multiplies numbers by weights.",
        failing=SEQUENCE_HEAD + "  embed1: {op: embedding, channels: 4}\n",
        corrected=TOKENS_HEAD + "  embed1: {op: embedding, channels: 4}\n",
    ),
    "ARC209": Code(
        title="expected a sequence, got a vector or maps",
        meaning="The layer reads a sequence with channels and a length, but its input is a vector or maps. Move the "
        "layer before the `flatten`, give the network a sequence as its input, or use the op for maps, such as "
        "`conv2d`.",
        failing=HEAD + "  pool1: {op: max_pool1d, kernel: 2, stride: 2}\n",
        corrected=SEQUENCE_HEAD + "  pool1: {op: max_pool1d, kernel: 2, stride: 2}\n",
    ),
    "ARC210": Code(
        title="filters or maps not divisible by groups",
        meaning="A convolution with G groups gives each group 1/G of the input maps and 1/G of the filters, so G "
        "must divide both numbers. Change `groups`, `filters` or the number of input maps.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, groups: 3}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3, groups: 3}\n",
    ),
    "ARC211": Code(
        title="values normalised one by one",
        meaning="A normalisation subtracts the mean of some values of an example and divides them by their deviation. "
        "Of a single value, the mean is the value itself, so that the result is 0 whatever it is, and the layer gives "
        "its biases. Normalise more values together.",
        failing=HEAD + "  norm1: {op: group_norm, groups: 3, epsilon: 1e-5}\n  pool1: {op: max_pool2d, kernel: 8, "
        "stride: 1}\n  norm2: {op: group_norm, groups: 3, epsilon: 1e-5}\n",
        corrected=HEAD + "  norm1: {op: group_norm, groups: 3, epsilon: 1e-5}\n  pool1: {op: max_pool2d, kernel: 8, "
        "stride: 1}\n  norm2: {op: group_norm, groups: 1, epsilon: 1e-5}\n",
    ),
    "ARC212": Code(
        title="size that cannot be free",
        meaning="`null` in the shape of an input leaves that size free, so that the network takes inputs of any size. "
        "A layer whose parameters depend on the size, such as a dense layer after a `flatten`, needs one size. Write "
        "the size, or remove the dependency, such as by a `global_avg_pool` before the `flatten`.",
        failing=FREE_HEAD + "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n",
        corrected=FREE_HEAD + "  conv1: {op: conv2d, filters: 10, kernel: 1}\n",
    ),
    "ARC219": Code(
        title="as many numbers as maps needed",
        meaning="A list of constants has one number for each map of the layer's input, or each unit of a vector. Write "
        "a list of that length, or one number for all of them.",
        failing=HEAD + "  norm: {op: normalize, mean: [0.5, 0.5], std: 1}\n",
        corrected=HEAD + "  norm: {op: normalize, mean: [0.5, 0.4, 0.5], std: 1}\n",
    ),
}
