"""Padding, by a field of the layer or by a layer before it."""

from __future__ import annotations

from archc.emit.syntax import Expression, Literal, Tuple, Unless, call
from archc.ops.fields import Margins, Size
from archc.ops.window import Window, slide
from archc.tensor import Tensor
from archc_keras.initialisers import untyped
from archc_keras.rules.table import Fields, Layers


def padding_of(window: Window, layer: str, *, apart: bool = False) -> tuple[Layers, Fields]:
    """Keras' own padding if it is the same and not `apart`, else a layer before it that pads."""
    around = window.around
    if not any(around):
        return {}, {"padding": Unless("valid", "valid")}
    if is_same(window) and not apart:
        return {}, {"padding": Unless("valid", "same")}
    padding = untyped(padding=columns(around)) if window.is_row else margins(around)
    return {"_pad": call(layer, padding)}, {"padding": Unless("valid", "valid")}


def is_same(window: Window) -> bool:
    """Whether `padding="same"` would add what is around the map."""
    height, width = window.vertical.n, window.horizontal.n
    same = slide(height, width, kernel=window.kernel, stride=window.stride, dilation=window.dilation, padding="same")
    return window.around == same.margins


def margins(around: Margins) -> Expression:
    """Margins in Keras' order: ((top, bottom), (left, right))."""
    return Tuple((Tuple((Literal(around.top), Literal(around.bottom))), columns(around)))


def columns(around: Margins) -> Expression:
    """The margins of a sequence: (left, right)."""
    return Tuple((Literal(around.left), Literal(around.right)))


def around_axes(around: Margins, x: Tensor) -> Expression:
    """The margins along each axis of maps or of a sequence: ((top, bottom), (left, right)) or ((left, right),)."""
    return Tuple((columns(around),)) if x.is_sequence else margins(around)


def sizes(size: Size, x: Tensor) -> Expression:
    """The sizes along each axis of maps or of a sequence: (height, width) or (length,)."""
    return Tuple(tuple(map(Literal, size[-1:] if x.is_sequence else size)))
