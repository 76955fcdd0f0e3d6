"""5xx: what a backend cannot do."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD

BACKENDS: dict[str, Code] = {
    "ARC501": Code(
        title="the backend cannot express this",
        meaning="The network is valid, but the backend's framework has no faithful way to compute it.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, stride: 3, dilation: 2}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, dilation: 2}\n",
        backend="keras",
    ),
}
