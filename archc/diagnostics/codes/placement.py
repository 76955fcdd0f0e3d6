"""4xx: placement over devices."""

from __future__ import annotations

from archc.diagnostics.codes.code import Code
from archc.example import CONV_HEAD

_COLUMNS = "parallel: {devices: 2, strategy: columns}\n"

PLACEMENT: dict[str, Code] = {
    "ARC401": Code(
        title="a layer does not split over the devices",
        meaning="By columns, every tensor's maps or units are held in equal contiguous parts, one a device. "
        "Their number must be a multiple of the devices.",
        failing=CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3}\n" + _COLUMNS,
        corrected=CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3}\n" + _COLUMNS,
    ),
}
