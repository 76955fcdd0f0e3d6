"""Positions on the sides of maps or at the ends of a sequence, in one field that says which of them it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from archc.ops.fields import (
    BOTH_ENDS,
    FORMS_OF_MARGINS,
    Margins,
    check_largest,
    margins_of_maps,
    margins_of_sequence,
)
from archc.ops.foreign import Conversion, Converted, ends, sides, spelled
from archc.ops.op import Op
from archc.ops.properties import Footprint
from archc.ops.shape_error import ShapeError, require_places
from archc.ops.windowed import short
from archc.tensor import Tensor


class Sides(NamedTuple):
    """The margins that a spec means of maps and of a sequence; None of the kind that the written form is not for."""

    of_maps: Margins | None
    of_sequence: Margins | None

    def around(self, x: Tensor) -> Margins:
        """Those of an input that `require_sides` accepts; a sequence has none at the top and at the bottom."""
        margins = self.of_sequence if x.is_sequence else self.of_maps
        assert margins is not None
        return margins

    def written(self) -> object:
        """As a spec writes it, in the shortest form."""
        if self.of_maps is None:
            assert self.of_sequence is not None
            return {"left": self.of_sequence.left, "right": self.of_sequence.right}
        return sides(*self.of_maps)

    def __str__(self) -> str:
        """As the layer table shows it."""
        if self.of_maps is not None:
            return short(self.of_maps)
        assert self.of_sequence is not None
        return f"{self.of_sequence.left} {self.of_sequence.right}"


def _read(value: object) -> Sides:
    if isinstance(value, Sides):
        return value
    read = Sides(margins_of_maps(value), margins_of_sequence(value))
    if read == (None, None):
        check_largest(value)
        raise PydanticCustomError(
            "padding",
            "must be a whole number from 0, [height, width] or {top, bottom, left, right}; of a sequence {left, right}",
        )
    return read


SidesField = Annotated[
    Sides,
    PlainValidator(_read),
    PlainSerializer(Sides.written),
    WithJsonSchema({"anyOf": [*FORMS_OF_MARGINS, BOTH_ENDS]}),
]


def require_sides(op: Op, field: str, sides: Sides, x: Tensor) -> None:
    """Raise unless `x` is maps or a sequence, and the sides are written for its kind."""
    require_places(op, x)
    if (sides.of_sequence if x.is_sequence else sides.of_maps) is not None:
        return
    given = sides.of_maps or sides.of_sequence
    assert given is not None
    meant = given._asdict() if x.is_maps else _ends_meant(given)
    raise ShapeError(
        field,
        "ARC105",
        f"{{name}}'s `{field}` is for {'a sequence' if x.is_maps else 'maps'}, but its input is {x.described}",
        help=f"write `{field}: {spelled(meant)}`, or other numbers",
    )


def _ends_meant(given: Margins) -> object:
    """What margins of maps most likely mean of a sequence: of [a, b], a at its beginning and b at its end."""
    size = given.symmetric
    return ends(*((given.left, given.right) if size is None else size))


class Axis(NamedTuple):
    """One axis of an input: its size, and how many positions are at its beginning and at its end."""

    size: int
    before: int
    after: int
    described: str
    """`maps that are 8 high`, or `a sequence that is 16 long`."""
    lines: str
    """What the positions are called."""


def axes(around: Margins, x: Tensor) -> tuple[Axis, ...]:
    """The axes of maps or of a sequence, with what is on their sides."""
    top, bottom, left, right = around
    if x.is_sequence:
        return (Axis(x.length, left, right, f"a sequence that is {x.length} long", "positions"),)
    return (
        Axis(x.height, top, bottom, f"maps that are {x.height} high", "rows or columns"),
        Axis(x.width, left, right, f"maps that are {x.width} wide", "rows or columns"),
    )


def footprints(around: Margins) -> tuple[Footprint, Footprint]:
    """What a position depends on where so many are added around an input, or, of less than none, cut off."""
    return _moved(around.top), _moved(around.left)


def _moved(by: int) -> Footprint:
    return Footprint(before=by, after=-by)


def both_ends(word: str, own: str, names: tuple[str, ...]) -> Conversion:
    """The conversion of [left, right], as other frameworks write them of sequences, under these names of an op."""

    def convert(values: Mapping[str, Any]) -> Converted | None:
        match values[word]:
            case int(both):
                return Converted({word: (own, both)})
            case [int(left), int(right)]:
                return Converted({word: (own, ends(left, right))})
            case _:
                return None

    return Conversion((word,), convert, names=names)
