"""Padding that a module lacks."""

from __future__ import annotations

from archc.emit.syntax import Expression, Literal, Tuple
from archc.ops.fields import Margins
from archc.ops.window import Window


def ends(window: Window) -> Expression:
    """Everything at the ends of a sequence: left, right."""
    return columns(window.around)


def columns(around: Margins) -> Expression:
    """The margins of a sequence in the order of the padding modules: left, right."""
    return Tuple((Literal(around.left), Literal(around.right)))


def sides(window: Window) -> Expression:
    """Everything around the map that a window covers."""
    return margins(window.around)


def margins(around: Margins) -> Expression:
    """Margins in the order of the padding modules: left, right, top, bottom."""
    return Tuple(tuple(map(Literal, (around.left, around.right, around.top, around.bottom))))
