"""The section `train.data:`, how a picture becomes the network's input.

x = (picture / scale - mean) / std, where the values of a picture go from 0 to 255. The mean and the standard deviation
are measured over the training pictures, or are given as numbers, which are of the scaled values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from archc.language.section import Section
from archc.ops.fields import (
    LARGEST_FLOAT,
    SMALLEST_FLOAT,
    Count,
    NotNegative,
    Size,
    SizeField,
    bounds,
    one_or_more,
    read_positives,
    read_reals,
)
from archc.ops.foreign import Needless, NeedlessFields, OtherValues
from archc.wording import joined

BRIGHTEST = 255
"""The largest value of a picture."""

Numbers = tuple[float, ...]
"""One number for all channels, or one for each."""


def option(name: str, *, least: int | None = None) -> Callable[[object], str]:
    """What to do instead of a field that is an option of `archc train`, with its value if that is at least `least`."""

    def instead(value: object) -> str:
        is_value = type(value) is int and least is not None and value >= least
        return f"run `archc train --{name} {value}`" if is_value else f"use `archc train --{name}` for that"

    return instead


def _measured_or_given(*words: str, read: Callable[[object], Numbers], least: float) -> tuple[Any, ...]:
    """How a word or numbers are read and written."""
    expected = joined([f"'{word}'" for word in words], "or")

    def read_either(value: object) -> str | Numbers:
        if isinstance(value, list | tuple) or type(value) in (int, float):
            return read(value)  # pyright: ignore[reportUnknownArgumentType]
        if not isinstance(value, str) or value not in words:
            raise PydanticKnownError("literal_error", {"expected": expected})
        return value

    def written(value: str | Numbers) -> object:
        return value if isinstance(value, str) else value[0] if len(value) == 1 else [*value]

    schema = {"anyOf": [{"enum": [*words], "type": "string"}, *one_or_more(least)]}
    return PlainValidator(read_either), PlainSerializer(written), WithJsonSchema(schema)


def _read_divisor(value: float) -> float:
    if not 1 <= value <= LARGEST_FLOAT:
        raise PydanticCustomError("divisor", "must be at least 1, since values are divided by it")
    return value


Divisor = Annotated[float, AfterValidator(_read_divisor), bounds(1)]
Mean = Annotated[
    Literal["pixel", "channel", "none"] | Numbers,
    *_measured_or_given("pixel", "channel", "none", read=read_reals, least=-LARGEST_FLOAT),
]
Deviation = Annotated[
    Literal["channel", "none"] | Numbers,
    *_measured_or_given("channel", "none", read=read_positives, least=SMALLEST_FLOAT),
]


class DataRecipe(Section):
    """How a picture becomes the network's input: it is resized, cropped and normalised.

    x = (picture / scale - mean) / std
    """

    needless: ClassVar[NeedlessFields] = {
        "shuffle": Needless("training pictures are always shuffled", (True,)),
        **dict.fromkeys(("num_workers", "workers", "pin_memory", "prefetch"), Needless("it changes no value", "any")),
        **dict.fromkeys(
            ("path", "root", "dir", "folder"),
            Needless("`archc train --data` names the folder", (None,), instead=option("data")),
        ),
    }
    other_values: ClassVar[OtherValues] = {
        "mean": {"null": "none", "false": "none", "no": "none", "image": "pixel"},
        "std": {"null": "none", "false": "none", "no": "none", "true": "channel", "yes": "channel"},
        "scale": {"1/255": BRIGHTEST, "1./255": BRIGHTEST, "1.0/255": BRIGHTEST},
    }
    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("size", "image_size", "img_size", "input_size"),
            "write `resize` for the shorter side of a picture, `crop` for the part that the network reads",
        ),
        **dict.fromkeys(
            ("rescale", "to_tensor", "scale_factor"),
            f"write `scale: {BRIGHTEST}`, by which values are divided, for values from 0 to 1",
        ),
        **dict.fromkeys(
            ("normalize", "normalization", "standardize"), "write `mean: channel, std: channel`, or numbers and `scale`"
        ),
    }
    absent_forms: ClassVar[Mapping[str, str]] = {
        "scale": f"write `scale: {BRIGHTEST}` for values from 0 to 1",
    }
    resize: Count = Field(description="Length in pixels of a picture's shorter side after resizing.")
    crop: SizeField = Field(
        description="Size in pixels of the part of a picture that the network reads: one number or [height, width]. It "
        "must equal the size of the network's input."
    )
    mirror: bool = Field(
        description="Whether training pictures are mirrored, left to right, with a probability of 1/2."
    )
    color_pca: NotNegative = Field(
        default=0,
        description="Standard deviation of a random shift of the colours along their principal components; 0 for none.",
    )
    scale: Divisor | None = Field(
        default=None,
        description="Number that the values of a picture, from 0 to 255, are divided by before the mean is subtracted: "
        "255 for values from 0 to 1. It must be written where `mean` or `std` has numbers. Default: 1.",
    )
    mean: Mean = Field(
        description="Mean that is subtracted: that of each `pixel` or of each `channel` over the training pictures, "
        "`none`, or numbers: one, or a list with one per channel."
    )
    std: Deviation = Field(
        default="none",
        description="Standard deviation that values are divided by after the mean is subtracted: that of each "
        "`channel` over the training pictures, `none`, or numbers: one, or a list with one per channel.",
    )

    @property
    def divisor(self) -> float:
        """The scale, in the units of a picture's values."""
        return 1.0 if self.scale is None else self.scale

    @property
    def given(self) -> dict[str, Numbers]:
        """The numbers of the mean and of the deviation, if they are not measured."""
        return {name: each for name, each in (("mean", self.mean), ("std", self.std)) if not isinstance(each, str)}

    @field_validator("crop")
    @classmethod
    def _crop_fits(cls, crop: Size, info: ValidationInfo) -> Size:
        resize = info.data.get("resize")
        if resize is not None and max(crop) > resize:
            message = "must be at most {resize}, the value of `resize`"
            raise PydanticCustomError("crop", message, {"resize": resize})
        return crop
