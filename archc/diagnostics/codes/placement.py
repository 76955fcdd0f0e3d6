"""4xx: placement over devices."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD

_CONV = "  conv1: {op: conv2d, filters: 8, kernel: 3}\n"
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"
_DATA = _COLUMNS.replace("columns", "data")

PLACEMENT: dict[str, Code] = {
    "ARC401": Code(
        title="layer not divisible by the devices",
        meaning="Each device computes an equal and contiguous part of a split layer's maps or units, so their "
        "number must be a multiple of the number of devices. Change the layer's `filters` or `units`, or `devices`.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3}\n" + _COLUMNS,
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n" + _COLUMNS,
    ),
    "ARC402": Code(
        title="layer cannot be placed",
        meaning="`parallel.layers` places layers whose op has a field `weight_init`, such as convolutions and dense "
        "layers: `split` over the devices, or `replicate`. A block or a stage stands for all such layers in it. Every "
        "other layer runs wherever its input is. That includes `batch_norm`, whose scales belong to the maps that it "
        "reads. Place the layer that it follows, or delete the entry.",
        failing=CONV_HEAD + _CONV + "  relu1: {op: relu}\n" + _COLUMNS.replace("}", ", layers: {relu1: replicate}}"),
        corrected=CONV_HEAD + _CONV + "  relu1: {op: relu}\n" + _DATA.replace("}", ", layers: {conv1: split}}"),
    ),
}
