"""9xx, advice: allowed, but seldom intended."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD, HEAD

_CONV = "  conv1: {op: conv2d, filters: 8, kernel: 3, padding: 1, weight_init: {he_normal: {}}}\n"
_RELU = "  relu1: {op: relu}\n"
_CONV2 = (
    _RELU
    + _CONV.replace("conv1", "conv2")
    + _RELU.replace("1", "2")
    + _CONV.replace("conv1", "conv3").replace("3,", "3, groups: 2,", 1)
)
_FIRST = "  conv1: {op: conv2d, filters: 96, kernel: 11, stride: 4, weight_init: {normal: {std: 0.01}}}\n"
_SECOND = (
    "  relu1: {op: relu}\n"
    "  conv2: {op: conv2d, filters: 256, kernel: 5, padding: 2, weight_init: {normal: {std: 0.01}}}\n"
)
_LRN = "{op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2}\n"
_POOL = "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
_HEAD_OF_CLASSES = "  flat: {op: flatten}\n  fc1: {op: dense, units: 100, weight_init: {he_normal: {}}}\n"
_NORMALISED = (
    "  conv1: {op: conv2d, filters: 8, kernel: 3, bias: false}\n"
    "  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
)
_SCORES = "  flat: {op: flatten}\n  fc1: {op: dense, units: 10, weight_init: {he_normal: {}}}\n"
_TWO_CONVS = "  conv1: {{op: conv2d, filters: 8, kernel: 3}}\n{}  conv2: {{op: conv2d, filters: 8, kernel: 3}}\n"
_BRANCH = "  conv1: {op: conv2d, filters: 3, kernel: 1}\n  relu1: {op: relu, from: image}\n"
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"

ADVICE: dict[str, Code] = {
    "ARC901": Code(
        title="default initialisation",
        meaning="PyTorch and Keras initialise weights differently by default. Without `weight_init`, archc draws "
        "He-normal weights and sets biases to zero in every backend; in a layer whose values are the network's output, "
        "it draws smaller ones, so that a first prediction is a guess. Set `weight_init` in the layer or in "
        "`defaults:` to make the choice explicit.",
        failing=HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n",
        severity="advice",
    ),
    "ARC902": Code(
        title="rounding leaves input unread",
        meaning="The size rule gives a fraction, which is rounded down, so no window covers the last rows or "
        "columns of the input. Use another size or padding, or set `rounding: ceil`. There is no advice where rounding "
        "up would add no window, as with a kernel of 1 and a stride of 2, or where the rest follows from ARC909.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2, rounding: ceil}\n",
        severity="advice",
    ),
    "ARC903": Code(
        title="normalisation without a ReLU before it",
        meaning="Local response normalisation squares neighbouring maps, so without a ReLU before it, negative "
        "values count like positive ones. The AlexNet paper normalises after the ReLU (section 3.3). The "
        "configuration trained in 2012 normalises after the ReLU that follows conv2, but before the ReLU that "
        "follows conv1. Move the ReLU, or suppress this advice to keep that order.",
        failing=HEAD + _CONV + "  norm1: " + _LRN + "  relu1: {op: relu}\n",
        corrected=HEAD + _CONV + _RELU + "  norm1: " + _LRN,
        severity="advice",
    ),
    "ARC904": Code(
        title="dropout before normalisation",
        meaning="In training, dropout at rate r zeroes some values and multiplies the others by 1 / (1 - r), so on "
        "average the squares are 1 / (1 - r) times those in testing. A normalisation that uses these squares, local "
        "or over the batch, therefore divides by different amounts in training and testing. Move the dropout after "
        "the normalisation.",
        failing=HEAD + "  relu1: {op: relu}\n  drop1: {op: dropout, rate: 0.5}\n  norm1: " + _LRN,
        corrected=HEAD + "  relu1: {op: relu}\n  norm1: " + _LRN + "  drop1: {op: dropout, rate: 0.5}\n",
        severity="advice",
    ),
    "ARC905": Code(
        title="softmax that is not the last layer",
        meaning="The loss `cross_entropy` applies a softmax itself. archc fuses the last softmax layer with it, but "
        "not one that another layer reads: the loss then sees probabilities of probabilities, which are all nearly "
        "equal, and learning is slow. In the middle of a network, values that sum to 1 also leave little for the "
        "next layer. Move the softmax to the end.",
        failing=HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n  drop1: {op: dropout, rate: 0.5}\n",
        corrected=HEAD + "  flat: {op: flatten}\n  drop1: {op: dropout, rate: 0.5}\n  prob: {op: softmax}\n",
        severity="advice",
    ),
    "ARC906": Code(
        title="kernel as large as its input",
        meaning="A convolution whose window is as large as its input maps, or larger, and that pads them computes most "
        "of its values from zeros. A common mistake is to use the size of the maps, such as `13 × 13`, as the kernel. "
        "Use a smaller kernel. There is no advice on a kernel that equals the maps without padding, which is how a "
        "dense layer is written as a convolution, on one of at most 7 × 7, nor where the layer's `expect:` states a "
        "single position.",
        failing=HEAD + _CONV.replace("kernel: 3", "kernel: 8").replace("padding: 1", "padding: same"),
        corrected=HEAD + _CONV,
        severity="advice",
    ),
    "ARC907": Code(
        title="normalisation across a device boundary",
        meaning="With `strategy: columns`, each device stores an equal part of the maps. An lrn whose window "
        "crosses the boundary between two parts must first exchange a halo of neighbouring maps. Set `groups` to a "
        "multiple of the number of devices: the window then ends at the boundary, which is what the paper's two GPUs "
        "computed.",
        failing=HEAD + _CONV + _RELU + "  norm1: " + _LRN + _COLUMNS,
        corrected=HEAD + _CONV + _RELU + "  norm1: " + _LRN.replace("k: 2", "k: 2, groups: 2") + _COLUMNS,
        severity="advice",
    ),
    "ARC908": Code(
        title="nearly all parameters in one layer",
        meaning="One of the network's layers has more than 90 % of its parameters, and at least a million. "
        "Published networks are less concentrated: AlexNet has 62 % in fc6, VGG-16 has 74 %. The usual cause is a "
        "flatten while the maps are still large. Add a pool or a stride before it.",
        failing=HEAD.replace("8, 8", "96, 96") + _CONV + _POOL + _HEAD_OF_CLASSES,
        corrected=HEAD.replace("8, 8", "96, 96")
        + _CONV
        + "".join(_POOL.replace("1", str(n), 1) for n in (1, 2, 3))
        + _HEAD_OF_CLASSES,
        severity="advice",
    ),
    "ARC909": Code(
        title="AlexNet's 224-pixel input rounded down",
        meaning="A window of 11 with stride 4 has 54 positions in 224 pixels and leaves one pixel unread. The paper "
        "states an input of 224 and an output of 55: its code rounds up, and the last window extends 3 pixels "
        "beyond the right and bottom edge. Set `rounding: ceil`, or use an input of 227 pixels, which gives the "
        "same 55 without rounding. There is advice only where AlexNet's second convolution follows, of 5 × 5, and "
        "has another size because of it: some networks, such as NiN, have 54 by design.",
        failing=HEAD.replace("8, 8", "224, 224") + _FIRST + _SECOND,
        corrected=HEAD.replace("8, 8", "227, 227") + _FIRST + _SECOND,
        severity="advice",
    ),
    "ARC910": Code(
        title="bias before batch normalisation",
        meaning="Batch normalisation subtracts the mean of each map or unit, and with it any constant that was "
        "added to all of it. A bias just before it has no effect, but is still stored, summed over devices and "
        "updated. Set `bias: false`: the normalisation's own bias replaces it.",
        failing=CONV_HEAD + _NORMALISED.replace(", bias: false", ""),
        corrected=CONV_HEAD + _NORMALISED,
        severity="advice",
    ),
    "ARC911": Code(
        title="redundant placement",
        meaning="`parallel.layers` overrides where the strategy places a layer, and this entry changes nothing. "
        "`columns` splits every layer whose op has a field `weight_init`, `hybrid` those of them that output units, "
        "as dense layers do, and `data` splits none. Delete the entry.",
        failing=HEAD + _CONV + _COLUMNS.replace("}", ", layers: {conv1: split}}"),
        corrected=HEAD + _CONV + _COLUMNS,
        severity="advice",
    ),
    "ARC912": Code(
        title="replication that costs more than it saves",
        meaning="Each device stores all parameters of a replicated layer and computes all of it, so the layers that "
        "read it need not gather its output. In return its gradients must be summed, because each device has only a "
        "part of them. In total, the devices exchange at least as many bytes as if the layer were split, so "
        "the extra memory and time gain nothing. Split it instead.",
        failing=HEAD + _CONV + _CONV2 + _COLUMNS.replace("}", ", layers: {conv2: replicate}}"),
        corrected=HEAD + _CONV + _CONV2 + _COLUMNS.replace("}", ", layers: {conv1: replicate}}"),
        severity="advice",
    ),
    "ARC913": Code(
        title="stride that skips pixels",
        meaning="The stride is larger than the kernel, or shares a factor with the dilation, so some rows or columns "
        "lie between the windows, and no window reads them. They have no effect on the output. Use a smaller stride "
        "or a larger kernel. A kernel of 1 with a stride of 2, as in the shortcut of a residual network, gives no "
        "advice.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 3}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 3, padding: 1}\n",
        severity="advice",
    ),
    "ARC914": Code(
        title="activation before the softmax",
        meaning="A softmax takes any scores, positive or negative. An activation between the last layer with weights "
        "and the softmax changes them first: after a ReLU, no class can score below 0, and after a tanh none can score "
        "more than 1. The same applies before the loss `cross_entropy`, which contains a softmax. Delete the "
        "activation.",
        failing=HEAD + _SCORES + "  relu2: {op: relu}\n  prob: {op: softmax}\n",
        corrected=HEAD + _SCORES + "  prob: {op: softmax}\n",
        severity="advice",
    ),
    "ARC915": Code(
        title="no activation between learned layers",
        meaning="Convolutions, dense layers and, in inference, batch normalisations and dropouts are linear. Without "
        "an activation or a max pool between two layers with weights, both together compute a linear function, so the "
        "second layer makes the network deeper, but no more powerful. The same applies where all inputs of a `concat` "
        "are outputs of such layers. Add an activation. There is no advice on layers that people combine to save "
        "weights: a depthwise convolution and a kernel of 1, a row of pixels and a column, a bottleneck of fewer maps "
        "or units; and none where an `add` comes between, as in a residual block, or a `concat` that also passes on "
        "what no such layer computes, as in a dense block.",
        failing=CONV_HEAD + _TWO_CONVS.format(""),
        corrected=CONV_HEAD + _TWO_CONVS.format(_RELU),
        severity="advice",
    ),
    "ARC916": Code(
        title="value of another framework's convention",
        meaning="The value is allowed, but the same word means something else in another framework, where such a value "
        "is usual. `momentum` of a `batch_norm` is the share of the running mean and variance that each step keeps, as "
        "in Keras and ONNX. In PyTorch it is the share of the new batch: its default of 0.1 is 0.9 here. `alpha` of an "
        "`lrn` is divided by the number of maps or pixels in its window, as in Caffe, PyTorch and ONNX. TensorFlow and "
        "MatConvNet do not divide it: their 2e-5 is 1e-4 here, with a window of 5 maps. Nor does the formula of the "
        "AlexNet paper, but the code that trained its network does. A window of one map has no neighbours. Write "
        "the other value, or suppress this advice if the value is meant.",
        failing=CONV_HEAD + _NORMALISED.replace("0.9", "0.1"),
        corrected=CONV_HEAD + _NORMALISED,
        severity="advice",
    ),
    "ARC917": Code(
        title="channels last",
        meaning="A shape is [channels, height, width] in archc, whatever the backend. The input's first two sizes are "
        "those of a picture and the last one is 1, 3 or 4, as in [height, width, channels], the order of TensorFlow "
        "and of most files of pictures. Written so, it is a network of many maps that are 3 pixels wide. Write the "
        "channels first.",
        failing=HEAD.replace("3, 8, 8", "8, 8, 3") + "  relu1: {op: relu}\n",
        corrected=HEAD + "  relu1: {op: relu}\n",
        severity="advice",
    ),
    "ARC918": Code(
        title="several unread layers without `outputs`",
        meaning="Without `outputs:`, the layers that no layer reads are the outputs of the network. If there are "
        "several, it returns all of them. Often one is meant, and a branch was forgotten: a layer reads the one before "
        "it unless `from:` names another. Read the other layers, or name the outputs in `outputs:`.",
        failing=CONV_HEAD + _BRANCH,
        corrected=CONV_HEAD + _BRANCH + "  sum1: {op: add, from: [conv1, relu1]}\n",
        severity="advice",
    ),
    "ARC919": Code(
        title="unused block",
        meaning="No layer uses the block, so it is not a part of the network. Use it in a layer, or delete it.",
        failing=HEAD.replace("layers:\n", "blocks:\n  act: {layers: [{op: relu}]}\nlayers:\n")
        + "  relu1: {op: relu}\n",
        corrected=HEAD.replace("layers:\n", "blocks:\n  act: {layers: [{op: relu}]}\nlayers:\n")
        + "  relu1: {block: act}\n",
        severity="advice",
    ),
    "ARC920": Code(
        title="equal biases before a softmax",
        meaning="A softmax depends only on differences between scores. If all biases of the last layer begin with the "
        "same number, every score is that much larger, and no probability, loss or gradient changes. The AlexNet paper "
        "begins with biases of 1 where a ReLU follows, which then passes on more values (section 5); the layer of the "
        "scores begins with 0. Set `bias_init: 0` in the layer. There is no advice before a sigmoid, where an initial "
        "bias states how frequent a class is.",
        failing=HEAD + _SCORES.replace("10,", "10, bias_init: 1,") + "  prob: {op: softmax}\n",
        corrected=HEAD + _SCORES + "  prob: {op: softmax}\n",
        severity="advice",
    ),
    "ARC921": Code(
        title="expectation not met with `--set`",
        meaning="A value that `--set` tries changes the network, so that something the spec expects no longer holds. "
        "It is an error in a spec, and advice for a trial. To keep the change, write it into a spec or a variant with "
        "its own `expect:`.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 4, kernel: 3}\nexpect: {parameters: 112}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\nexpect: {parameters: 224}\n",
        severity="advice",
        tried="layers.conv1.filters=8",
    ),
    "ARC990": Code(
        title="unused suppression",
        meaning="`# archc: allow CODE - reason` suppresses advice on its own line or, if the comment is alone on "
        "its line, on the next. This suppression matches no advice. Delete it, so that it does not hide advice in "
        "the future.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}  # archc: allow ARC902\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
        severity="advice",
    ),
    "ARC991": Code(
        title="invalid suppression",
        meaning="A comment that begins with `archc:` must have the form `# archc: allow ARC902`, with commas "
        "between several codes, and the reason after a dash or a colon. Only advice, ARC9xx, can be suppressed. Fix "
        "errors instead.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}  # archc: ignore ARC902\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2}  # archc: allow ARC902\n",
        severity="advice",
    ),
}
