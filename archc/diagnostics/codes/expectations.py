"""3xx: `expect:` states something that the computation contradicts."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import DENSE_HEAD, HEAD

_DENSE = "  flat: {op: flatten}\n  fc1: {op: dense, units: 10}\n"
_TWO_DENSE = _DENSE + "  relu1: {op: relu}\n  fc2: {op: dense, units: 10}\n"
_WIDE_DENSE = "  flat: {op: flatten}\n  fc1: {op: dense, units: 1000}\n"
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"

EXPECTATIONS: dict[str, Code] = {
    "ARC301": Code(
        title="unexpected output shape",
        meaning="`expect:` on a layer states its output shape without the batch axis, and the computed shape is "
        "different. The notes show the arithmetic. Correct the field that is wrong, here or in an earlier layer, or "
        "correct the expectation.",
        failing=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 1, expect: [3, 4, 4]}\n",
        corrected=HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2, expect: [3, 4, 4]}\n",
    ),
    "ARC302": Code(
        title="unexpected total",
        meaning="The top-level `expect:` states totals of the network, and a computed total is different. The notes "
        "show the difference. If a change of one kind makes all expected totals fit exactly, the help names it: "
        "`groups`, a bias, a kernel, padding, `rounding` or a stride, a number of filters or units, or another way to "
        "count. It must give the expected shapes and exchanges too. `groups` are also named if the network with them "
        "has a total that the expected number rounds to three digits or more, or from which it leaves out the biases. "
        "Otherwise, the notes show the largest layers.",
        failing=DENSE_HEAD + _DENSE + "expect: {parameters: 1920}\n",
        corrected=DENSE_HEAD + _DENSE + "expect: {parameters: 1930}\n",
    ),
    "ARC303": Code(
        title="unexpected exchanges",
        meaning="`exchanges` in the top-level `expect:` lists the layers that must gather maps or units from other "
        "devices before they can compute, under the strategy in `parallel:`. The computed list is different. "
        "Correct the list, or the `groups` and placement that cause the exchanges.",
        failing=DENSE_HEAD + _TWO_DENSE + "expect: {exchanges: [fc1]}\n" + _COLUMNS,
        corrected=DENSE_HEAD + _TWO_DENSE + "expect: {exchanges: [fc2]}\n" + _COLUMNS,
    ),
    "ARC304": Code(
        title="unexpected memory",
        meaning="`memory` in the top-level `expect:` is the most that a float32 training step may take at the "
        "recipe's batch, on each device if there are several. The notes show the layer at the peak and everything "
        "in memory there. A smaller batch reduces all of it except weights, their gradients and momentum. `archc "
        "explain memory` lists what is counted.",
        failing=DENSE_HEAD + _WIDE_DENSE + "expect: {memory: 1MiB}\n",
        corrected=DENSE_HEAD + _WIDE_DENSE + "expect: {memory: 5MiB}\n",
    ),
}
