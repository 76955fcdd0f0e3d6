"""5xx: valid, but unsupported by a backend."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD

BACKENDS: dict[str, Code] = {
    "ARC501": Code(
        title="unsupported by the backend",
        meaning="The network is valid, but the backend's framework cannot compute it faithfully. Change the layer, "
        "or use another backend.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, stride: 3, dilation: 2}\n",
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, dilation: 2}\n",
        backend="keras",
    ),
}
