"""9xx: what is allowed but seldom meant."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD, HEAD

_CONV = "  conv1: {op: conv2d, filters: 8, kernel: 3, padding: 1, weight_init: {he_normal: {}}}\n"
_CONV2 = _CONV.replace("conv1", "conv2") + _CONV.replace("conv1", "conv3").replace("3,", "3, groups: 2,", 1)
_FIRST = "  conv1: {op: conv2d, filters: 96, kernel: 11, stride: 4, weight_init: {normal: {std: 0.01}}}\n"
_LRN = "{op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2}\n"
_POOL = "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
_HEAD_OF_CLASSES = "  flat: {op: flatten}\n  fc1: {op: dense, units: 100, weight_init: {he_normal: {}}}\n"
_NORMALISED = (
    "  conv1: {op: conv2d, filters: 8, kernel: 3, bias: false}\n"
    "  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
)
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"

ADVICE: dict[str, Code] = {
    "ARC901": Code(
        title="an initialisation left to the default",
        meaning="PyTorch and Keras initialise differently when nothing is written, so archc draws He-normal weights "
        "and zero biases in every backend. Write `weight_init` to make it your decision.",
        failing=HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n",
        severity="advice",
    ),
    "ARC902": Code(
        title="rounding drops input that was never read",
        meaning="The size rule did not come out whole and was rounded down, so the last rows and columns are covered "
        "by no window. Choose another size, padding, or `rounding: ceil`.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2, rounding: ceil}\n",
        severity="advice",
    ),
    "ARC903": Code(
        title="a normalisation without a ReLU before it",
        meaning="Local response normalisation divides by the squares of neighbouring maps. Before the ReLU, or without "
        "one, negative values count there like positive ones. The paper's text normalises after the ReLU (section "
        "3.3); the configuration that was trained in 2012 does so after conv2, and before the ReLU after conv1. To "
        "follow that, silence the advice at its line.",
        failing=HEAD + _CONV + "  norm1: " + _LRN + "  relu1: {op: relu}\n",
        corrected=HEAD + _CONV + "  relu1: {op: relu}\n  norm1: " + _LRN,
        severity="advice",
    ),
    "ARC904": Code(
        title="dropout before a normalisation",
        meaning="While training, dropout at rate r zeroes values and multiplies the others by 1 / (1 - r); their "
        "squares are then on average 1 / (1 - r) times those of testing, and a normalisation that uses them, local "
        "or over the batch, divides by something else than it will. Dropout stands after the normalisation.",
        failing=HEAD + "  relu1: {op: relu}\n  drop1: {op: dropout, rate: 0.5}\n  norm1: " + _LRN,
        corrected=HEAD + "  relu1: {op: relu}\n  norm1: " + _LRN + "  drop1: {op: dropout, rate: 0.5}\n",
        severity="advice",
    ),
    "ARC905": Code(
        title="a softmax before a loss that has one",
        meaning="The loss `cross_entropy` takes a softmax itself, with which a last softmax layer is fused. One that "
        "another layer reads is not fused: probabilities of probabilities are all nearly equal, and learning is slow. "
        "In the middle of a network, too, values that sum to 1 leave little for the next layer.",
        failing=HEAD + "  flat: {op: flatten}\n  prob: {op: softmax}\n  drop1: {op: dropout, rate: 0.5}\n",
        corrected=HEAD + "  flat: {op: flatten}\n  drop1: {op: dropout, rate: 0.5}\n  prob: {op: softmax}\n",
        severity="advice",
    ),
    "ARC906": Code(
        title="a kernel as large as its map",
        meaning="A convolution whose window covers all of its input leaves one place: it is a dense layer on the "
        "flattened maps, with the same weights in the same order. With padding most of its window lies on zeros. "
        "Often the size of the maps, as in `13 × 13`, was taken for the kernel's.",
        failing=HEAD + _CONV.replace("kernel: 3", "kernel: 8").replace(", padding: 1", ""),
        corrected=HEAD + _CONV,
        severity="advice",
    ),
    "ARC907": Code(
        title="a normalisation over the edge of a device's maps",
        meaning="By columns each device holds an equal part of the maps. An lrn whose window reaches over that edge "
        "first exchanges a halo of neighbouring maps. With `groups` a multiple of the devices the window ends at the "
        "edge, which is what the paper's two GPUs computed.",
        failing=HEAD + _CONV + "  relu1: {op: relu}\n  norm1: " + _LRN + _COLUMNS,
        corrected=HEAD + _CONV + "  relu1: {op: relu}\n  norm1: " + _LRN.replace("k: 2", "k: 2, groups: 2") + _COLUMNS,
        severity="advice",
    ),
    "ARC908": Code(
        title="one layer has nearly all parameters",
        meaning="More than 90 % of the parameters, and at least a million, are in one of several layers. Published "
        "networks concentrate less: AlexNet holds 62 % in fc6, VGG-16 74 %. As a rule maps were flattened before "
        "they were made small.",
        failing=HEAD.replace("8, 8", "96, 96") + _CONV + _POOL + _HEAD_OF_CLASSES,
        corrected=HEAD.replace("8, 8", "96, 96")
        + _CONV
        + "".join(_POOL.replace("1", str(n), 1) for n in (1, 2, 3))
        + _HEAD_OF_CLASSES,
        severity="advice",
    ),
    "ARC909": Code(
        title="AlexNet's 224 pixels, rounded down",
        meaning="A window of 11 with stride 4 over 224 pixels gives 54 places and leaves one pixel out. The paper "
        "says 224 and 55: its code rounds up, the last window hanging 3 pixels over the right and bottom edge. 227 "
        "pixels give the same 55 without rounding.",
        failing=HEAD.replace("8, 8", "224, 224") + _FIRST,
        corrected=HEAD.replace("8, 8", "227, 227") + _FIRST,
        severity="advice",
    ),
    "ARC910": Code(
        title="a bias before a batch normalisation",
        meaning="A batch normalisation subtracts the mean of each map or unit, and with it any number that was added "
        "to all of it: a bias just before it learns nothing, but is stored, summed over devices and updated. The "
        "normalisation's own bias takes its place.",
        failing=CONV_HEAD + _NORMALISED.replace(", bias: false", ""),
        corrected=CONV_HEAD + _NORMALISED,
        severity="advice",
    ),
    "ARC911": Code(
        title="a placement that changes nothing",
        meaning="`parallel.layers` is for layers that are placed otherwise than the strategy places them. By `columns` "
        "all convolutions and dense layers are split, by `hybrid` the dense ones, by `data` none.",
        failing=HEAD + _CONV + _COLUMNS.replace("}", ", layers: {conv1: split}}"),
        corrected=HEAD + _CONV + _COLUMNS,
        severity="advice",
    ),
    "ARC912": Code(
        title="a replicated layer that costs more than it saves",
        meaning="Every device holds all parameters of a replicated layer and computes all of it, so that what reads "
        "it need not gather its output. Its gradients, of which each device then has a part only, are summed. Where "
        "in sum no fewer bytes cross than if it were split, nothing is gained for the memory and the time.",
        failing=HEAD + _CONV + _CONV2 + _COLUMNS.replace("}", ", layers: {conv2: replicate}}"),
        corrected=HEAD + _CONV + _CONV2 + _COLUMNS.replace("}", ", layers: {conv1: replicate}}"),
        severity="advice",
    ),
    "ARC990": Code(
        title="a silence that silences nothing",
        meaning="`# archc: allow CODE - why` silences advice at its own line or, where nothing else stands on it, at "
        "the line below. What is no longer found there needs no silence: delete it, so that it hides nothing later.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}  # archc: allow ARC902\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n",
        severity="advice",
    ),
    "ARC991": Code(
        title="a silence that cannot be read",
        meaning="A comment that begins with `archc:` reads `# archc: allow ARC902`, several codes with commas between, "
        "and after a dash or a colon why. Only advice, 9xx, can be silenced: an error is mended.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}  # archc: ignore ARC902\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 3, stride: 2}  # archc: allow ARC902\n",
        severity="advice",
    ),
}
