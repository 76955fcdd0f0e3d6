"""The types of ops' fields: as a spec writes them, and as the compiler uses them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

LARGEST = 2**31 - 1

Count = Annotated[int, Field(ge=1, le=LARGEST)]
# The largest number of float32, in which every backend computes, and the smallest that is not subnormal: GPUs and
# TensorFlow may turn smaller ones into zero.
LARGEST_FLOAT = 3.4028234663852886e38
SMALLEST_FLOAT = 1.1754943508222875e-38


def _within_float32(value: float) -> float:
    if abs(value) > LARGEST_FLOAT:
        raise PydanticCustomError("float32", "is too large for float32, which ends at 3.4e38")
    return value


def _positive_in_float32(value: float) -> float:
    if value < SMALLEST_FLOAT:
        raise PydanticCustomError("float32", "is too small for float32, whose smallest normal number is 1.2e-38")
    return _within_float32(value)


def bounds(least: float) -> Any:
    """The same bounds for JSON Schema."""
    return Field(json_schema_extra={"minimum": least, "maximum": LARGEST_FLOAT})


Real = Annotated[float, bounds(-LARGEST_FLOAT), AfterValidator(_within_float32)]
Positive = Annotated[float, Field(gt=0), bounds(SMALLEST_FLOAT), AfterValidator(_positive_in_float32)]
NotNegative = Annotated[float, Field(ge=0), bounds(0), AfterValidator(_within_float32)]
Position = Annotated[int, Field(ge=-LARGEST, le=LARGEST, examples=[0, 1, -1, -2])]
"""A place in a sequence, from 0 at its start or from -1 at its end."""
Rate = Annotated[float, Field(ge=0, lt=1)]
Rounding = Literal["floor", "ceil"]
Fan = Literal["in", "out", "both"]
"""Fan-in, fan-out or their mean, as `archc.ops.initialisation` defines them."""


class Size(NamedTuple):
    """Height and width, in pixels."""

    height: int
    width: int

    @property
    def area(self) -> int:
        return self.height * self.width

    def __str__(self) -> str:
        return f"{self.height} × {self.width}"


ONE = Size(1, 1)
"""A stride or dilation that changes nothing."""


class Margins(NamedTuple):
    """Rows and columns added around a map."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def symmetric(self) -> Size | None:
        """The padding as one height and width, if opposite sides are equal."""
        return Size(self.top, self.left) if (self.top, self.left) == (self.bottom, self.right) else None


def _whole(value: object, least: int) -> bool:
    # Not isinstance: to Python, the `true` of YAML is an int as well.
    return type(value) is int and least <= value <= LARGEST


def _pair(value: object, least: int) -> Size | None:
    if _whole(value, least):
        return Size(value, value)  # pyright: ignore[reportArgumentType]
    if isinstance(value, list | tuple) and len(value) == 2 and all(_whole(v, least) for v in value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return Size(*value)  # pyright: ignore[reportUnknownArgumentType]
    return None


def check_largest(value: object) -> None:
    """Raise if a number, alone or among others, is whole but too large."""
    if _is_too_large(value):
        raise PydanticCustomError("largest", "must be at most {le}", {"le": LARGEST})
    if isinstance(value, dict | list) and any(map(_is_too_large, _parts(value))):  # pyright: ignore[reportUnknownArgumentType]
        raise PydanticCustomError("largest", "must have no number above {le}", {"le": LARGEST})


def _parts(value: dict[str, object] | list[object]) -> list[object]:
    return [*value.values()] if isinstance(value, dict) else value


def _is_too_large(value: object) -> bool:
    return type(value) is int and value > LARGEST


def _read_size(value: object) -> Size:
    size = _pair(value, 1)
    if size is None:
        check_largest(value)
        raise PydanticCustomError("size", "must be a whole number from 1, or [height, width]")
    return size


def _read_extent(value: object) -> Size:
    size = _pair(value, 0)
    if size is None:
        check_largest(value)
        raise PydanticCustomError("extent", "must be a whole number from 0, or [height, width]")
    return size


def margins_of_maps(value: object) -> Margins | None:
    """Margins written as one number, [height, width] or {top, bottom, left, right}; None for anything else."""
    pair = _pair(value, 0)
    if pair is not None:
        return Margins(pair.height, pair.height, pair.width, pair.width)
    return _named_margins(value, _SIDES)


def margins_of_sequence(value: object) -> Margins | None:
    """Margins written as one number or {left, right}; None for anything else."""
    if _whole(value, 0):
        return Margins(0, 0, cast(int, value), cast(int, value))
    return _named_margins(value, _ENDS)


def _named_margins(value: object, names: tuple[str, ...]) -> Margins | None:
    if isinstance(value, dict) and set(value) == set(names) and all(_whole(value[name], 0) for name in names):  # pyright: ignore[reportUnknownArgumentType]
        return NO_PADDING._replace(**cast(dict[str, int], value))
    return None


def _read_padding(value: object) -> Margins | Literal["same"]:
    if value == "same":
        return "same"
    margins = margins_of_maps(value)
    if margins is not None:
        return margins
    check_largest(value)
    raise PydanticCustomError(
        "padding", "must be a whole number from 0, [height, width], {top, bottom, left, right} or `same`"
    )


def _one_or_pair(least: int) -> list[dict[str, Any]]:
    """The JSON Schemas of one number and of [height, width]."""
    number = {"type": "integer", "minimum": least, "maximum": LARGEST}
    return [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}]


_SIDES = ("top", "bottom", "left", "right")
_ENDS = ("left", "right")


def _margins(names: tuple[str, ...]) -> dict[str, Any]:
    """The JSON Schema of margins by their names."""
    return {
        "type": "object",
        "properties": dict.fromkeys(names, _one_or_pair(0)[0]),
        "required": [*names],
        "additionalProperties": False,
    }


FORMS_OF_MARGINS = [*_one_or_pair(0), _margins(_SIDES)]
"""The JSON Schemas of the forms of `margins_of_maps`."""
BOTH_ENDS = _margins(_ENDS)
"""The JSON Schema of the margins of a sequence by their names."""


def _numbers(value: object, check: Any) -> tuple[float, ...]:
    listed = cast(list[object], value if isinstance(value, list | tuple) else [value])
    if not listed or not all(type(number) in (int, float) for number in listed):
        raise PydanticCustomError("numbers", "must be a number or a list of numbers")
    return tuple(check(float(cast(float, number))) for number in listed)


def read_reals(value: object) -> tuple[float, ...]:
    return _numbers(value, _within_float32)


def read_positives(value: object) -> tuple[float, ...]:
    return _numbers(value, _positive_in_float32)


def _written_numbers(numbers: tuple[float, ...]) -> float | list[float]:
    return numbers[0] if len(numbers) == 1 else [*numbers]


def one_or_more(least: float) -> list[dict[str, Any]]:
    """The JSON Schemas of one number and of a list of them."""
    number = {"type": "number", "minimum": least, "maximum": LARGEST_FLOAT}
    return [number, {"type": "array", "items": number, "minItems": 1}]


def _written_size(size: Size) -> list[int]:  # pydantic takes two milliseconds to find the signature of `list`
    return [size.height, size.width]


SizeField = Annotated[
    Size,
    PlainValidator(_read_size),
    PlainSerializer(_written_size),
    WithJsonSchema({"anyOf": _one_or_pair(1)}),
]
Along = Annotated[
    int | Size,
    PlainValidator(lambda value: value if _whole(value, 1) else _read_size(value)),
    PlainSerializer(lambda size: size if isinstance(size, int) else size.height if len({*size}) == 1 else [*size]),
    WithJsonSchema({"anyOf": _one_or_pair(1)}),
]
"""A number for each axis of maps or of a sequence, or a height and a width, which only maps have."""
Extent = Annotated[
    Size,
    PlainValidator(_read_extent),
    PlainSerializer(_written_size),
    WithJsonSchema({"anyOf": _one_or_pair(0)}),
]
NONE = Size(0, 0)
"""An extent that adds nothing."""
Padding = Margins | Literal["same"]
PaddingField = Annotated[
    Padding,
    PlainValidator(_read_padding),
    PlainSerializer(lambda padding: padding if padding == "same" else padding._asdict()),
    WithJsonSchema({"anyOf": [*FORMS_OF_MARGINS, {"const": "same"}]}),
]
RealsField = Annotated[
    tuple[float, ...],
    PlainValidator(read_reals),
    PlainSerializer(_written_numbers),
    WithJsonSchema({"anyOf": one_or_more(-LARGEST_FLOAT)}),
]
PositivesField = Annotated[
    tuple[float, ...],
    PlainValidator(read_positives),
    PlainSerializer(_written_numbers),
    WithJsonSchema({"anyOf": one_or_more(SMALLEST_FLOAT)}),
]
NO_PADDING = Margins(0, 0, 0, 0)


Index = Annotated[int, Field(ge=0, le=LARGEST)]


def _lists(least: int, most: int, words: str, *examples: list[int], **rules: bool) -> dict[str, Any]:
    """The JSON Schema of a list of as many numbers as a value has axes; a table shows `words`."""
    number = {"type": "integer", "minimum": least, "maximum": most}
    lists = [{"type": "array", "items": number, "minItems": n, "maxItems": n, **rules} for n in (1, 2, 3)]
    return {"$comment": words, "anyOf": lists, "examples": [*examples]}


def _read_numbers(value: object, least: int) -> tuple[int, ...] | None:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= 3:  # pyright: ignore[reportUnknownArgumentType]
        return None
    numbers = cast(tuple[object, ...], tuple(value))  # pyright: ignore[reportUnknownArgumentType]
    return cast(tuple[int, ...], numbers) if all(_whole(each, least) for each in numbers) else None


def _read_sizes(value: object) -> tuple[int, ...]:
    sizes = _read_numbers(value, -1)
    if sizes is None or 0 in sizes or sizes.count(-1) > 1:
        raise PydanticCustomError("sizes", "must be 1 to 3 whole numbers from 1, of which one may be -1, in brackets")
    return sizes


def _read_axes(value: object) -> tuple[int, ...]:
    axes = _read_numbers(value, 0)
    if axes is None or len({*axes}) < len(axes) or max(axes) > 2:
        raise PydanticCustomError("axes", "must be 1 to 3 different whole numbers from 0 to 2, in brackets")
    return axes


Sizes = Annotated[
    tuple[int, ...],
    PlainValidator(_read_sizes),
    PlainSerializer(lambda sizes: [*sizes]),  # pyright: ignore
    WithJsonSchema(_lists(-1, LARGEST, "list of 1 to 3 sizes", [-1], [-1, 2, 2], [4, 1, -1])),
]
Axes = Annotated[
    tuple[int, ...],
    PlainValidator(_read_axes),
    PlainSerializer(lambda axes: [*axes]),  # pyright: ignore
    WithJsonSchema(_lists(0, 2, "list of 1 to 3 axes", [0], [2, 1, 0], [1, 2, 0], [0, 2, 1], uniqueItems=True)),
]


def _length(least: int) -> tuple[PlainValidator, PlainSerializer, WithJsonSchema]:
    """How a size along a sequence is read and written: one number, from `least`."""

    def read(value: object) -> Size:
        if isinstance(value, Size):
            return value
        if not _whole(value, least):
            check_largest(value)
            raise PydanticCustomError("size", "must be a whole number from {least}", {"least": least})
        return Size(least, cast(int, value))

    return PlainValidator(read), PlainSerializer(lambda size: size.width), WithJsonSchema(_one_or_pair(least)[0])


def _ends(*words: str) -> tuple[PlainValidator, PlainSerializer, WithJsonSchema]:
    """How the padding of a sequence is read and written: one number, {left, right}, or one of the words."""
    forms = ["a whole number from 0", "{left, right}", *(f"`{word}`" for word in words)]
    names = f"{', '.join(forms[:-1])} or {forms[-1]}"

    def read(value: object) -> object:
        if value in words or isinstance(value, Margins):
            return value
        margins = margins_of_sequence(value)
        if margins is not None:
            return margins
        check_largest(value)
        raise PydanticCustomError("padding", "must be {forms}", {"forms": names})

    schema = {"anyOf": [_one_or_pair(0)[0], BOTH_ENDS, *({"const": word} for word in words)]}
    return PlainValidator(read), PlainSerializer(_written_ends), WithJsonSchema(schema)


def _written_ends(padding: Margins | str) -> object:
    return {end: getattr(padding, end) for end in _ENDS} if isinstance(padding, Margins) else padding


LengthField = Annotated[Size, *_length(1)]
"""A size along a sequence, one number; as a `Size`, its height is 1."""
LengthExtent = Annotated[Size, *_length(0)]
"""An extent along a sequence, one number; as a `Size`, its height is 0."""
EndsField = Annotated[Padding, *_ends("same")]
"""The padding of a sequence; as `Margins`, it has none at the top and at the bottom."""
CausalPadding = Padding | Literal["causal"]
CausalEndsField = Annotated[CausalPadding, *_ends("same", "causal")]


class Fields(BaseModel):
    """Base of values that are mappings with fields of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
