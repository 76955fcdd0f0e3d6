"""3xx: what the spec expects of itself."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import DENSE_HEAD, HEAD

_DENSE = "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n"
_TWO_DENSE = _DENSE + "  fc2: {op: dense, units: 10}\n"
_WIDE_DENSE = "  flat: {op: flatten}\n  fc1: {op: dense, units: 1000}\n"
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"

EXPECTATIONS: dict[str, Code] = {
    "ARC301": Code(
        title="the output is not what the layer expects",
        meaning="`expect:` on a layer states its output shape without the batch axis. The arithmetic shown is how "
        "archc arrived at another one: either a field before this line or the expectation is wrong.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 1, expect: [3, 4, 4]}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2, expect: [3, 4, 4]}\n",
    ),
    "ARC302": Code(
        title="a total is not what the spec expects",
        meaning="`expect:` at the top level states totals. The difference and the layers with the most are shown; "
        "a group count or a forgotten layer is the usual cause.",
        failing=DENSE_HEAD + _DENSE + "expect: {parameters: 1920}\n",
        corrected=DENSE_HEAD + _DENSE + "expect: {parameters: 1930}\n",
    ),
    "ARC303": Code(
        title="the exchanges are not what the spec expects",
        meaning="`exchanges` lists the layers that, with the network split over the devices by columns, must gather "
        "maps or units from other devices before they can compute.",
        failing=DENSE_HEAD + _TWO_DENSE + "expect: {exchanges: [fc1]}\n" + _COLUMNS,
        corrected=DENSE_HEAD + _TWO_DENSE + "expect: {exchanges: [fc2]}\n" + _COLUMNS,
    ),
    "ARC304": Code(
        title="a training step takes more memory than the spec expects",
        meaning="`memory` is what a training step in float32 may take at the recipe's batch, on each device where "
        "there are several. The layer of the peak is shown with what is alive there; a smaller batch needs less of all "
        "but weights, their gradients and momentum. `archc explain memory` states what is counted.",
        failing=DENSE_HEAD + _WIDE_DENSE + "expect: {memory: 1MiB}\n",
        corrected=DENSE_HEAD + _WIDE_DENSE + "expect: {memory: 4MiB}\n",
    ),
}
