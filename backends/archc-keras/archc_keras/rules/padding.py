"""Padding, by a field of the layer or by a layer before it."""

from __future__ import annotations

from archc.emit.syntax import Literal, Tuple, Unless, call
from archc.ops.fields import Margins
from archc.ops.window import Window, slide
from archc_keras.rules.table import Fields, Layers


def padding_of(window: Window, layer: str) -> tuple[Layers, Fields]:
    """Keras' own padding if it is the same, else a layer before it that pads."""
    margins = window.around
    if not any(margins):
        return {}, {"padding": Unless("valid", "valid")}
    if margins == _same(window):
        return {}, {"padding": Unless("valid", "same")}
    rows = Tuple((Literal(margins.top), Literal(margins.bottom)))
    columns = Tuple((Literal(margins.left), Literal(margins.right)))
    return {"_pad": call(layer, columns if window.is_row else Tuple((rows, columns)))}, {
        "padding": Unless("valid", "valid")
    }


def _same(window: Window) -> Margins:
    """The padding that `padding="same"` would add."""
    height, width = window.vertical.n, window.horizontal.n
    return slide(
        height, width, kernel=window.kernel, stride=window.stride, dilation=window.dilation, padding="same"
    ).margins
