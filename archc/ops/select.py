"""One position of a sequence, such as a class token's, as a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.fields import Position
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Footprint, Kept
from archc.ops.shape_error import ShapeError, require_sequence
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Select(Op, frozen=True):
    """One position of a sequence, counted from 0, or from the end with -1 as the last: (C, L) -> (C,)."""

    shape_rule = "(C, L) -> (C,)"
    failing = SEQUENCE_HEAD + "  one1: {op: select, position: 16}\n"
    corrected = SEQUENCE_HEAD + "  one1: {op: select, position: -1}\n"
    other_names = ("index_select", "select_token", "last_token")
    loose_names = ("index_select", "last_token", "token")
    other_field_names: ClassVar[OtherNames] = {"position": ("index", "indices", "token", "token_position")}
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    sequence_order = "any"
    element_ops_words = "none"
    kept_words = "nothing"
    op: Literal["select"]
    position: Position = Field(description="The position: from 0 at the start, or from -1 at the end.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        if not -x.length <= self.position < x.length:
            raise ShapeError(
                "position",
                "ARC105",
                f"{{name}} selects position {self.position} of {x.length}",
                notes=(f"positions are 0 to {x.length - 1}, or -{x.length} to -1 from the end",),
                help="use `position: -1` for the last one",
            )
        return Tensor((x.channels,))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0][:, :, self.position]

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Yes: its input stays in memory as long as the position."""
        return True

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: values are only moved."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """None: values are only moved."""
        return 0

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """A vector has no positions."""
        return None

    def summary(self) -> str:
        return f"position {self.position}"
