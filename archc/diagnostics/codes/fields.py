"""1xx: fields, names, and the connections between layers."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import HEAD

_RECIPE = (
    HEAD + "  flat: {op: flatten}\ntrain:\n  batch: 128\n  epochs: 90\n  loss: cross_entropy\n"
    "  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}\n  test: center\n"
)

_BLOCK = HEAD.replace("layers:\n", "blocks:\n  twice: {layers: {relu1: {op: relu}, relu2: {op: relu}}}\nlayers:\n")
_TAKING = HEAD.replace(
    "layers:\n", "blocks:\n  drop: {takes: [rate], layers: {drop: {op: dropout, rate: $rate}}}\nlayers:\n"
)

_VARIANT = HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh}\nvariants: {short: {change: [{remove: relu1}]}}\n"

FIELDS: dict[str, Code] = {
    "ARC101": Code(
        title="unknown field",
        meaning="The fields of each op and section are fixed. archc reports an unknown field, because ignoring a "
        "misspelt one would silently train another network. Use the field that the help suggests, or delete this "
        "one.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel_size: 2, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC102": Code(
        title="unknown op",
        meaning="No op has this name; `archc explain` lists them all. archc recognises the names that other "
        "frameworks use, and suggests its own: `dense` for `linear`, `conv2d` for `Conv2D`.",
        failing=HEAD + "  pool1: {op: MaxPool2d, kernel: 2, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC103": Code(
        title="missing field",
        meaning="The field changes the network and has no obvious value, so archc does not choose one. For example, "
        "a pool's stride, a dropout's rate and an lrn's `size`, `alpha`, `beta` and `k` have no default. Add the "
        "field. For a layer, it can also come from `defaults:`.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
    ),
    "ARC104": Code(
        title="wrong type",
        meaning="The field takes a value of another type. Scalars follow YAML 1.2: `1e-4` is a number, `no` is a "
        "string, `010` is ten. Write a value of the type that the message names.",
        failing=HEAD + '  drop1: {op: dropout, rate: "0.5"}\n',
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC105": Code(
        title="invalid value",
        meaning="The value has the right type, but it is out of range or not one of the words that the field takes. "
        "Write a value that the message or the help lists.",
        failing=HEAD + "  drop1: {op: dropout, rate: 1.5}\n",
        corrected=HEAD + "  drop1: {op: dropout, rate: 0.5}\n",
    ),
    "ARC106": Code(
        title="invalid name",
        meaning="A name starts with an ASCII letter and continues with ASCII letters, digits and underscores, at "
        "most 64 characters in total, because it becomes a name in emitted source. A layer cannot have the name of "
        "the input. Choose another name.",
        failing=HEAD + "  relu-1: {op: relu}\n",
        corrected=HEAD + "  relu_1: {op: relu}\n",
    ),
    "ARC107": Code(
        title="unknown or later layer",
        meaning="A name must refer to a layer of the spec, and `from:` to the input or an earlier layer. Layers are "
        "written in the order in which they are computed, so a layer cannot read a later one. Correct the name, or "
        "move the layer that is read before the one that reads it.",
        failing=HEAD + "  sum1: {op: add, from: [image, relu1]}\n  relu1: {op: relu, from: image}\n",
        corrected=HEAD + "  relu1: {op: relu, from: image}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
    "ARC108": Code(
        title="wrong number of inputs",
        meaning="`add` and `concat` read two or more layers, which `from:` lists. Every other op reads exactly one. "
        "Change `from:` to match the op.",
        failing=HEAD + "  relu1: {op: relu}\n  sum1: {op: add}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
    "ARC109": Code(
        title="recipe does not match the network",
        meaning="`train:` must match the input and outputs of the network. Images are cropped to exactly the height "
        "and width of the input, and a crop cannot be larger than the size to which they were resized. Change "
        "`crop:`, `resize:` or the input.",
        failing=_RECIPE + "  data: {resize: 9, crop: 7, mirror: true, mean: pixel}\n",
        corrected=_RECIPE + "  data: {resize: 9, crop: 8, mirror: true, mean: pixel}\n",
    ),
    "ARC110": Code(
        title="unused layer",
        meaning="The spec lists its `outputs:`, and none of them is this layer or depends on it, so computing it "
        "has no effect. Delete the layer, use it as the input of another layer, or add it to `outputs:`. An input that "
        "no layer reads is unused as well.",
        failing=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh, from: image}\noutputs: [relu1]\n",
        corrected=HEAD + "  relu1: {op: relu}\n  tanh1: {op: tanh, from: image}\noutputs: [relu1, tanh1]\n",
    ),
    "ARC111": Code(
        title="cyclic dependency",
        meaning="The layer reads its own output, directly or through other layers. The message shows the path. A "
        "network in archc/v1 is computed once, from its input to its outputs: it has no recurrence. Change one of "
        "the layers to read an earlier one.",
        failing=HEAD + "  sum1: {op: add, from: [image, relu1]}\n  relu1: {op: relu}\n",
        corrected=HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n",
    ),
    "ARC112": Code(
        title="unknown block",
        meaning="`block:` takes the name of a block that the section `blocks:` defines. Correct the name, or define a "
        "block of this name.",
        failing=_BLOCK + "  act1: {block: twise}\n",
        corrected=_BLOCK + "  act1: {block: twice}\n",
    ),
    "ARC113": Code(
        title="recursive block",
        meaning="The block uses itself, directly or through other blocks, so it would have no end. The message shows "
        "the path. For a number of copies one after another, write `repeat: n` where the block is used.",
        failing=_BLOCK.replace("relu2: {op: relu}", "again: {block: twice}") + "  act1: {block: twice}\n",
        corrected=_BLOCK + "  act1: {block: twice, repeat: 2}\n",
    ),
    "ARC114": Code(
        title="invalid reference",
        meaning="In a block, `$name` is the value that each use gives for a name that the block lists in `takes:`. A "
        "reference is a whole value: archc/v1 has no expressions. Outside of blocks there are none. Add the name to "
        "`takes:`, or write the value.",
        failing=_TAKING.replace("$rate", "$drop_rate") + "  drop1: {block: drop, rate: 0.5}\n",
        corrected=_TAKING + "  drop1: {block: drop, rate: 0.5}\n",
    ),
    "ARC115": Code(
        title="unused name in `takes`",
        meaning="The block takes a value that none of its layers uses, so what its uses give has no effect. Write "
        "`$name` where the value is needed, or delete the name.",
        failing=_TAKING.replace("$rate", "0.5") + "  drop1: {block: drop, rate: 0.2}\n",
        corrected=_TAKING + "  drop1: {block: drop, rate: 0.2}\n",
    ),
    "ARC116": Code(
        title="base spec that cannot be used",
        meaning="`extends:` takes the path of another spec, relative to the file that it is written in: a .yaml or "
        ".yml file, such as `extends: alexnet.yaml`, or a variant in one, `extends: alexnet.yaml:tanh`. The base may "
        "extend another spec itself, up to 8 levels deep, but no spec extends itself. Correct the path.",
        failing="schema: archc/v1\nname: example\nextends: https://example.com/alexnet.yaml\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
    ),
    "ARC117": Code(
        title="change that matches nothing",
        meaning="A change names what it changes: a value by its path, a layer by its name, or all layers of an op. "
        "What it names does not exist in the base, or an earlier change has removed it. The note lists what there is. "
        "Correct the name, or delete the change.",
        failing=_VARIANT.replace("remove: relu1", "remove: relu2"),
        corrected=_VARIANT,
    ),
}
