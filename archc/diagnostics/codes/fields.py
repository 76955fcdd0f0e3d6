"""1xx: fields, names and how layers are wired."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import HEAD

_RECIPE = (
    HEAD + "  flat: {op: flatten}\ntrain:\n  batch: 128\n  epochs: 90\n  loss: cross_entropy\n"
    "  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}\n  test: center\n"
)

FIELDS: dict[str, Code] = {
    "ARC101": Code(
        title="unknown field",
        meaning="Fields are a closed set: a misspelt field that is silently ignored would train another network. "
        "The message names the nearest field of that place.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel_size: 2, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC102": Code(
        title="unknown op",
        meaning="Ops are a closed set. The words of other frameworks are understood well enough to name archc's own: "
        "`linear` is `dense`, `Conv2D` is `conv2d`.",
        failing=HEAD + "  pool1: {op: MaxPool2d, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC103": Code(
        title="a field is missing",
        meaning="The field changes the network and no value of it is the obvious one, so archc does not guess. "
        "A pool's stride, a dropout's rate and an lrn's four figures have no default.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC104": Code(
        title="the wrong kind of value",
        meaning="The field takes another type. Scalars follow YAML 1.2: `1e-4` is a number, `no` is a string, "
        "`010` is ten.",
        failing=HEAD + '  drop1: {op: dropout, rate: "0.5"}\n',
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC105": Code(
        title="a value outside what the field takes",
        meaning="The value has the right type but is not one of the words, or not in the range, that the field allows.",
        failing=HEAD + "  drop1: {op: dropout, rate: 1.5}\n",
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC106": Code(
        title="a name that cannot be used",
        meaning="Names are ASCII: a letter, then letters, digits and underscores, at most 64 in all. "
        "They become names in emitted source.",
        failing=HEAD + "  relu-1: {op: relu}\n",
        corrected=HEAD + "  relu_1: {op: relu}\n",
    ),
    "ARC107": Code(
        title="a layer reads one that is not there",
        meaning="`from:` names layers that stand before this one, or the input. Layers are written in the order in "
        "which they are computed, so a later layer cannot be read.",
        failing=HEAD + "  sum1: {op: add, from: [image, relu1]}\n  relu1: {op: relu, from: image}\n",
        corrected=HEAD + "  relu1: {op: relu, from: image}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
    "ARC108": Code(
        title="the wrong number of inputs",
        meaning="`add` and `concat` read two or more layers, given as a list in `from:`; every other op reads "
        "exactly one.",
        failing=HEAD + "  relu1: {op: relu}\n  sum1: {op: add}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
    "ARC109": Code(
        title="the recipe does not fit the network",
        meaning="`train:` must suit the input and outputs of the network: pictures are cropped to exactly the input's "
        "height and width, and cannot be cropped larger than they were resized to.",
        failing=_RECIPE + "  data: {resize: 9, crop: 7, mirror: true, mean: pixel}\n",
        corrected=_RECIPE + "  data: {resize: 9, crop: 8, mirror: true, mean: pixel}\n",
    ),
    "ARC110": Code(
        title="a layer that nobody reads",
        meaning="The spec lists its `outputs:`, and this layer is none and leads to none: it would be computed for "
        "nothing.",
        failing=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh, from: image}\noutputs: [relu1]\n",
        corrected=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh, from: image}\noutputs: [relu1, tanh1]\n",
    ),
    "ARC111": Code(
        title="a layer reads itself",
        meaning="Directly, or through other layers that lead back to it. The message names the way round. A network "
        "of archc/v1 is computed once, from its input to its outputs: there is no recurrence.",
        failing=HEAD + "  sum1: {op: add, from: [image, relu1]}\n  relu1: {op: relu}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
}
