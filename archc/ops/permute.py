"""Axes in another order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Axes
from archc.ops.foreign import Conversion, Converted
from archc.ops.moving import Moving
from archc.ops.properties import POINT, Footprint
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_MOST_AXES = 3
_KERAS = "Keras counts from 1, and has the channels last"
_WORDS = ("dims", "perm", "order", "permutation", "axes")


def _counted(word: str, values: Mapping[str, Any]) -> Converted | None:
    """PyTorch, ONNX and Caffe count the batch, as axis 0; Keras counts from 1, and has the channels last."""
    written = cast(object, values[word])
    if (
        not isinstance(written, list)
        or not written
        or not all(type(axis) is int for axis in cast(list[object], written))
    ):
        return None
    axes = cast(list[int], written)
    n = len(axes)
    if axes[:1] == [0] and sorted(axes) == [*range(n)] and (word != "axes" or n > _MOST_AXES):
        return Converted({word: ("axes", [axis - 1 for axis in axes[1:]])}, ("the batch, axis 0, is not counted",))
    if sorted(axes) == [*range(1, n + 1)] and n <= _MOST_AXES:
        first = [axis % n for axis in (axes[-1], *axes[:-1])]
        return Converted({word: ("axes", first)}, (_KERAS,), certain=False)
    if sorted(axes) == [*range(n)] and word != "axes":
        return Converted({word: ("axes", axes)}, certain=False)
    return None


class Permute(Moving, frozen=True):
    """The axes in another order: with `axes: [1, 0]`, (C, L) -> (L, C)."""

    shape_rule = "(n0, n1, …) -> the sizes of `axes`, in their order"
    failing = HEAD + "  turn1: {op: permute, axes: [1, 0]}\n"
    corrected = HEAD + "  turn1: {op: permute, axes: [1, 0, 2]}\n"
    other_names = ("transpose",)
    loose_names = ("transpose",)  # NumPy's and PyTorch's take two axes
    conversions = tuple(Conversion((word,), partial(_counted, word)) for word in _WORDS)
    passes_gradient = "view"
    op: Literal["permute"]
    axes: Axes = Field(
        description="The axes of the input, in the order of the output, counted from 0 without the batch: 0 are the "
        "channels, then height and width, or length."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if sorted(self.axes) != [*range(len(x.shape))]:
            every = ", ".join(map(str, range(len(x.shape))))
            raise ShapeError(
                "axes",
                "ARC105",
                f"{{name}}'s axes are {list(self.axes)}, and its input of {x} has {every}",
                help=f"write each of {every} once",
            )
        return Tensor(tuple(x.shape[axis] for axis in self.axes))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0].transpose(0, *(axis + 1 for axis in self.axes))

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Yes: only the order in which it is read changes."""
        return True

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        return (POINT, POINT) if self.axes == tuple(sorted(self.axes)) else None

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """All maps, unless the first axis stays the first."""
        return (part if self.axes[0] == 0 or not part else range(inputs[0].channels),)

    def summary(self) -> str:
        return f"axes {', '.join(map(str, self.axes))}"
