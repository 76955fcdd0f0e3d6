"""4xx: placement over devices."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD

_CONV = "  conv1: {op: conv2d, filters: 8, kernel: 3}\n"
_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"
_DATA = _COLUMNS.replace("columns", "data")

PLACEMENT: dict[str, Code] = {
    "ARC401": Code(
        title="a layer does not split over the devices",
        meaning="By columns, every tensor's maps or units are held in equal contiguous parts, one a device. "
        "Their number must be a multiple of the devices.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3}\n" + _COLUMNS,
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n" + _COLUMNS,
    ),
    "ARC402": Code(
        title="a layer that cannot be placed",
        meaning="`parallel.layers` places layers with weights of their own, convolutions and dense layers: `split` "
        "over the devices or `replicate`. All others are computed where what they read is held, a batch_norm too, "
        "whose scales belong to the maps that it reads.",
        failing=CONV_HEAD + _CONV + "  relu1: {op: relu}\n" + _COLUMNS.replace("}", ", layers: {relu1: replicate}}"),
        corrected=CONV_HEAD + _CONV + "  relu1: {op: relu}\n" + _DATA.replace("}", ", layers: {conv1: split}}"),
    ),
}
