"""9xx: what is allowed but seldom meant."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD, HEAD

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
