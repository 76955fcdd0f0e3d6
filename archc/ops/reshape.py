"""Values in another shape."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Sizes
from archc.ops.foreign import Conversion, Converted
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_MOST_AXES = 3
_BATCH = "the batch is not counted"


def _sizes(value: object) -> list[int] | None:
    """The sizes of a shape, of which one may be -1."""
    if not isinstance(value, list) or not 1 <= len(cast(list[object], value)) <= _MOST_AXES:
        return None
    sizes = cast(list[Any], value)
    is_shape = all(type(size) is int and (size > 0 or size == -1) for size in sizes) and sizes.count(-1) <= 1
    return sizes if is_shape else None


def _with_batch(word: str, values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's, ONNX's and Caffe's shape: the batch first, as -1, or as 0 for what it is."""
    match values[word]:
        case [first, *others] | {"dim": [first, *others]}:
            pass
        case _:
            return None
    sizes = _sizes(others)
    if sizes is None or (first == -1 and -1 in sizes):
        return None
    if first in (None, 0) or (first == -1 and len(sizes) == _MOST_AXES):
        return Converted({word: ("to", sizes)}, (_BATCH,))
    if first == -1 and word != "to":
        return Converted({word: ("to", sizes)}, (f"{_BATCH}: archc's -1 is one of the other sizes",), certain=False)
    return None


def _channels_last(values: Mapping[str, Any]) -> Converted | None:
    """Keras' shape."""
    sizes = _sizes(values["target_shape"])
    if sizes is None:
        return None
    note = "Keras has the channels last, archc first"
    return Converted({"target_shape": ("to", [sizes[-1], *sizes[:-1]])}, (note,) * (len(sizes) > 1), certain=False)


def _unflattened(values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's shape of the values of a vector, which are its axis 1."""
    sizes = _sizes(values["unflattened_size"])
    if sizes is None or values.get("dim", 1) != 1:
        return None
    return Converted({"unflattened_size": ("to", sizes), "dim": None})


class Reshape(Moving, frozen=True):
    """The same values in another shape, in the order of map by map and row by row in every backend."""

    shape_rule = "any shape -> `to`, with as many values"
    failing = HEAD + "  maps1: {op: reshape, to: [4, 8, 8]}\n"
    corrected = HEAD + "  maps1: {op: reshape, to: [12, 4, 4]}\n"
    other_names = ("view", "unflatten")
    other_field_names: ClassVar[OtherNames] = {"to": ("shape", "target_shape", "new_shape", "size", "unflattened_size")}
    conversions = (
        *(Conversion((word,), partial(_with_batch, word)) for word in ("to", "shape", "size", "new_shape")),
        Conversion(("target_shape",), _channels_last),
        Conversion(("unflattened_size", "dim"), _unflattened),
    )
    loose_names = ("shape", "target_shape", "new_shape", "size", "unflattened_size")
    kept_words = "nothing; of maps, it makes a copy"
    passes_gradient = "view"
    op: Literal["reshape"]
    to: Sizes = Field(
        description="The new shape without the batch: [units], [channels, length] or [channels, height, width]; one "
        "size may be -1, for whatever is left."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        given = prod(size for size in self.to if size != -1)
        if x.size % given if -1 in self.to else x.size != given:
            what = f"{x.size} / {given} is not whole" if -1 in self.to else f"{' × '.join(map(str, self.to))} = {given}"
            raise ShapeError(
                "to",
                "ARC105",
                f"{{name}} cannot give the {x.size} values of its input, {x}, the shape {list(self.to)}",
                notes=(what,),
                help=f"use sizes whose product is {x.size}, or -1 for one of them",
            )
        return Tensor(tuple(x.size // given if size == -1 else size for size in self.to))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return x.reshape(len(x), *self.infer((Tensor(x.shape[1:]),)).shape)

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Not of maps that become more or fewer: these are stored channels last, so they are copied map by map."""
        (x,) = inputs
        return x.is_vector or x.channels in (1, x.size, self.infer(inputs).channels)

    # A position can be any of those before.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps or units in which the values of `part` are."""
        (x,) = inputs
        each, read = output.size // output.channels, x.size // x.channels
        return (range(part.start * each // read, -(-part.stop * each // read)) if part else part,)

    def summary(self) -> str:
        return f"to {' × '.join(map(str, self.to))}"
