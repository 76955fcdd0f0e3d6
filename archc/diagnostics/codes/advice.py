"""9xx: what is allowed but seldom meant."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import HEAD

ADVICE: dict[str, Code] = {
    "ARC901": Code(
        title="an initialisation left to the default",
        meaning="PyTorch and Keras initialise differently when nothing is written, so archc draws He-normal weights "
        "and zero biases in every backend. Write `weight_init` to make it your decision.",
        failing=HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n",
        corrected=HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, weight_init: {he_normal: {}}}\n",
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
}
