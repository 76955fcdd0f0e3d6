"""AlexNet's first layer at 224 pixels: the paper states 224 and 55, but rounding down gives 54."""

from __future__ import annotations

from archc.ops.window import Axis, Window

_PAPERS = Axis(224, 11, 0, 0, 4, "floor")

EXPLANATION = (
    "the paper's 55 comes from rounding up: ⌈(224 - 11) / 4⌉ + 1 = 55; the last window extends 3 pixels past the edge, "
    "like padding of right 3 and bottom 3",
    "227 pixels give the same 55 without rounding: (227 - 11) / 4 + 1 = 55; 54 leads to 26, 12 and 5 instead of 27, 13 "
    "and 6",
    "torchvision's padding of 2 also gives ⌊(224 - 11 + 2 × 2) / 4⌋ + 1 = 55, with each window shifted by 2 pixels",
)
REMEDY = "use `rounding: ceil`, as the 2012 code does, or an input of 227"


def is_rounded_down(window: Window) -> bool:
    """Whether this is the window that the paper rounds up, rounded down."""
    return _PAPERS in (window.vertical, window.horizontal)
