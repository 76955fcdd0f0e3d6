"""The types of ops' fields: as a spec writes them, and as the compiler uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from archc.ops.foreign import Needless, NeedlessFields

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


def _bounds(least: float) -> Any:
    """The same bounds for JSON Schema."""
    return Field(json_schema_extra={"minimum": least, "maximum": LARGEST_FLOAT})


Real = Annotated[float, _bounds(-LARGEST_FLOAT), AfterValidator(_within_float32)]
Positive = Annotated[float, Field(gt=0), _bounds(SMALLEST_FLOAT), AfterValidator(_positive_in_float32)]
NotNegative = Annotated[float, Field(ge=0), _bounds(0), AfterValidator(_within_float32)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Rounding = Literal["floor", "ceil"]


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


def _check_largest(value: object) -> None:
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
        _check_largest(value)
        raise PydanticCustomError("size", "must be a whole number from 1, or [height, width]")
    return size


def _read_extent(value: object) -> Size:
    size = _pair(value, 0)
    if size is None:
        _check_largest(value)
        raise PydanticCustomError("extent", "must be a whole number from 0, or [height, width]")
    return size


def _read_padding(value: object) -> Margins | Literal["same"]:
    if value == "same":
        return "same"
    pair = _pair(value, 0)
    if pair is not None:
        return Margins(pair.height, pair.height, pair.width, pair.width)
    if isinstance(value, dict) and set(value) == set(_SIDES) and all(_whole(value[s], 0) for s in _SIDES):  # pyright: ignore[reportUnknownArgumentType]
        return Margins(**cast(dict[str, int], value))
    _check_largest(cast(object, value))
    raise PydanticCustomError(
        "padding", "must be a whole number from 0, [height, width], {top, bottom, left, right} or `same`"
    )


def _one_or_pair(least: int) -> list[dict[str, Any]]:
    """The JSON Schemas of one number and of [height, width]."""
    number = {"type": "integer", "minimum": least, "maximum": LARGEST}
    return [number, {"type": "array", "items": number, "minItems": 2, "maxItems": 2}]


_SIDES = ("top", "bottom", "left", "right")
_MARGINS: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(_SIDES, _one_or_pair(0)[0]),
    "required": [*_SIDES],
    "additionalProperties": False,
}


def _written_size(size: Size) -> list[int]:  # pydantic takes two milliseconds to find the signature of `list`
    return [size.height, size.width]


SizeField = Annotated[
    Size,
    PlainValidator(_read_size),
    PlainSerializer(_written_size),
    WithJsonSchema({"anyOf": _one_or_pair(1)}),
]
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
    WithJsonSchema({"anyOf": [*_one_or_pair(0), _MARGINS, {"const": "same"}]}),
]
NO_PADDING = Margins(0, 0, 0, 0)


def _read_sides(value: object) -> Margins:
    if value == "same":
        raise PydanticCustomError(
            "sides", "must be a whole number from 0, [height, width] or {top, bottom, left, right}"
        )
    return cast(Margins, _read_padding(value))


SidesField = Annotated[
    Margins,
    PlainValidator(_read_sides),
    PlainSerializer(lambda sides: sides._asdict()),  # pyright: ignore
    WithJsonSchema({"anyOf": [*_one_or_pair(0), _MARGINS]}),
]
Index = Annotated[int, Field(ge=0, le=LARGEST)]


def _lists(least: int, words: str, *examples: list[int]) -> dict[str, Any]:
    """The JSON Schema of a list of as many numbers as a value has axes; a table shows `words`."""
    number = {"type": "integer", "minimum": least, "maximum": LARGEST}
    lists = [{"type": "array", "items": number, "minItems": n, "maxItems": n} for n in (1, 2, 3)]
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
    WithJsonSchema(_lists(-1, "list of 1 to 3 sizes", [-1], [-1, 2, 2], [4, 1, -1])),
]
Axes = Annotated[
    tuple[int, ...],
    PlainValidator(_read_axes),
    PlainSerializer(lambda axes: [*axes]),  # pyright: ignore
    WithJsonSchema(_lists(0, "list of 1 to 3 axes", [0], [2, 1, 0], [1, 2, 0], [0, 2, 1])),
]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Normal(_Fields):
    """A normal distribution with mean 0."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {"std": ("stddev", "sigma", "standard_deviation")}
    needless: ClassVar[NeedlessFields] = {
        "mean": Needless("the mean is 0", (0,)),
        "seed": Needless("`archc train --seed` is the seed of all random draws", (None,)),
    }
    std: Positive = Field(description="Standard deviation.")


class HeNormal(_Fields):
    """A normal distribution with mean 0 and variance 2 / fan-in (He et al., arXiv 1502.01852)."""


_HE = "`he_normal: {}`"
_NORMAL = "`normal: {std: …}`"


class WeightInit(_Fields):
    """How weights are initialised: exactly one of the fields."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "normal": ("gaussian", "random_normal", "normal_"),
        "he_normal": ("kaiming_normal", "kaiming_normal_", "msra"),
    }
    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("glorot_uniform", "xavier_uniform", "glorot_normal", "xavier_normal", "xavier_uniform_", "xavier_normal_"),
            f"use {_NORMAL}, with the same variance if std is sqrt(2 / (fan-in + fan-out)), or {_HE}",
        ),
        **dict.fromkeys(
            ("xavier", "glorot"),
            f"use {_NORMAL}, with the same variance if std is sqrt(2 / (fan-in + fan-out)), or in Caffe "
            f"sqrt(1 / fan-in), or {_HE}",
        ),
        **dict.fromkeys(
            ("lecun_normal", "lecun_uniform", "lecun"),
            f"use {_NORMAL}, with the same variance if std is sqrt(1 / fan-in), or {_HE}",
        ),
        **dict.fromkeys(
            ("he_uniform", "kaiming_uniform", "kaiming_uniform_", "he", "kaiming"),
            f"use {_HE}, a normal distribution with the same variance, 2 / fan-in",
        ),
        **dict.fromkeys(
            (
                *("uniform", "random_uniform", "truncated_normal", "trunc_normal", "orthogonal", "variance_scaling"),
                *("zeros", "ones", "constant", "identity", "bilinear", "dirac", "sparse"),
            ),
            f"use {_NORMAL} or {_HE}",
        ),
    }
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"type": "object", "required": [one], "properties": {one: {"type": "object"}}}
                for one in ("normal", "he_normal")
            ]
        }
    )
    normal: Normal | None = Field(default=None, description="Normal distribution with mean 0.")
    he_normal: HeNormal | None = Field(
        default=None, description="Normal distribution with mean 0 and variance 2 / fan-in."
    )

    @model_validator(mode="after")
    def _one(self) -> WeightInit:
        if (self.normal is None) == (self.he_normal is None):
            raise PydanticCustomError("one_of", "must have exactly one of `normal: {std: …}` and `he_normal: {}`")
        return self

    def std(self, fan_in: int) -> float:
        """The standard deviation for a layer whose units have `fan_in` inputs each."""
        return self.normal.std if self.normal is not None else (2 / fan_in) ** 0.5


# model_construct builds no validator, which would slow down start-up.
HE_NORMAL = WeightInit.model_construct(he_normal=HeNormal.model_construct())
