"""How weights are initialised: what a spec can ask for, each with one meaning in every backend.

Fan-in is the number of inputs that an output is computed from, fan-out the number of outputs that an input contributes
to. Of a convolution in groups, both are those of one group.

Every check of a spec imports this module, so the classes with the options of each distribution are not here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, cast

from pydantic import GetJsonSchemaHandler, PlainSerializer, PlainValidator

from archc.ops.fields import LARGEST_FLOAT, SMALLEST_FLOAT, Fan

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import CoreSchema

Kind = Literal[
    "normal",
    "truncated_normal",
    "uniform",
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
    "constant",
    "zeros",
]

CUT = 2
"""A truncated normal distribution ends at this many standard deviations."""

# The option of each kind that is a number, with its default; None if it must be written.
_NUMBERS: dict[str, tuple[str, float | None]] = {
    "normal": ("std", None),
    "truncated_normal": ("std", None),
    "uniform": ("limit", None),
    "he_normal": ("slope", 0),
    "he_uniform": ("slope", 0),
    "glorot_normal": ("gain", 1),
    "glorot_uniform": ("gain", 1),
    "lecun_normal": ("", 0),
    "lecun_uniform": ("", 0),
    "orthogonal": ("gain", 1),
    "constant": ("value", None),
    "zeros": ("", 0),
}

WORDS = tuple(kind for kind, (_, default) in _NUMBERS.items() if default is not None)
"""The kinds that need no options, which a spec may write alone."""


class Fans(NamedTuple):
    """How many inputs an output of a layer is computed from, and how many outputs an input contributes to."""

    fan_in: int
    fan_out: int

    def of(self, fan: Fan) -> float:
        """The number that a variance is divided by."""
        return {"in": self.fan_in, "out": self.fan_out, "both": (self.fan_in + self.fan_out) / 2}[fan]


class Scaled(NamedTuple):
    """A distribution around 0 with the variance `scale / fan`."""

    shape: Literal["normal", "uniform"]
    scale: float
    fan: Fan


class Distribution(NamedTuple):
    """What the weights of a layer are drawn from.

    `number` is the standard deviation of `normal`; that of `truncated_normal` before values beyond CUT of it are drawn
    again; the limit of `uniform`, which is between -limit and limit; the gain of `orthogonal`, whose weights are an
    orthogonal matrix with a row for each output; the value of `constant`.
    """

    kind: Literal["normal", "truncated_normal", "uniform", "orthogonal", "constant"]
    number: float


class WeightInit(NamedTuple):
    """How the weights of a layer are initialised: a kind, the option that is a number, and the fan.

    - he: variance 2 / ((1 + slope²) fan), He et al., arXiv 1502.01852, equations 10, 14 and 15
    - glorot: variance gain² / fan, Glorot and Bengio, AISTATS 2010, equation 12, where the gain is 1
    - lecun: variance 1 / fan-in, LeCun et al., Efficient BackProp, 1998, equation 16
    - orthogonal: Saxe et al., arXiv 1312.6120
    """

    kind: Kind
    number: float
    fan: Fan = "in"

    @property
    def scaled(self) -> Scaled | None:
        """A distribution whose variance depends on the layer's fans; None for the others."""
        family, _, shape = self.kind.partition("_")
        # To the digits that a number in decimal has: 0.1² is 0.01.
        scales = {"he": 2 / (1 + self.number**2), "glorot": float(f"{self.number**2:.15g}"), "lecun": 1}
        if family not in scales:
            return None
        return Scaled("uniform" if shape == "uniform" else "normal", scales[family], self.fan)

    def distribution(self, fans: Fans) -> Distribution:
        """What the weights of a layer with these fans are drawn from."""
        if scaled := self.scaled:
            variance = scaled.scale / fans.of(scaled.fan)
            # A uniform distribution between -limit and limit has the variance limit² / 3.
            return Distribution(scaled.shape, (variance * (3 if scaled.shape == "uniform" else 1)) ** 0.5)
        match self.kind:
            case "normal" | "truncated_normal" | "uniform" | "orthogonal" as kind:
                return Distribution(kind, self.number)
            case _:
                return Distribution("constant", self.number)

    def written(self) -> dict[str, dict[str, object]]:
        """As a spec writes it, without the options that are at their defaults."""
        option, default = _NUMBERS[self.kind]
        fan: dict[str, object] = {"fan": self.fan} if self.fan != usual_fan(self.kind) else {}
        return {self.kind: fan if self.number == default else {**fan, option: self.number}}


def usual_fan(kind: Kind) -> Fan:
    """The fan of a kind where a spec names none."""
    return "both" if kind.startswith("glorot") else "in"


def _read(value: object) -> WeightInit:
    """The value of a spec's `weight_init`; raises pydantic's errors."""
    if isinstance(value, WeightInit):
        return value
    value = {value: {}} if isinstance(value, str) and value in WORDS else value
    return _common(value) or _validated(value)


def _common(value: object) -> WeightInit | None:
    """A kind without options, or `normal: {std: …}`, as most specs write it; None for anything else."""
    if not isinstance(value, dict) or len(forms := cast("dict[object, object]", value)) != 1:
        return None
    ((kind, options),) = forms.items()
    if kind in WORDS and options == {}:
        kind = cast(Kind, kind)
        return WeightInit(kind, cast(float, _NUMBERS[kind][1]), usual_fan(kind))
    if kind != "normal" or not isinstance(options, dict):
        return None
    (*numbers,) = cast("dict[object, object]", options).items()
    match numbers:
        case [("std", float(std))] if SMALLEST_FLOAT <= std <= LARGEST_FLOAT:
            return WeightInit("normal", std)
        case _:
            return None


def _validated(value: object) -> WeightInit:
    distributions = form()
    made = distributions.model_validate(value)
    (kind,) = made.model_fields_set
    options = getattr(made, kind)
    option, default = _NUMBERS[kind]
    return WeightInit(
        cast(Kind, kind),
        getattr(options, option) if option else cast(float, default),
        getattr(options, "fan", usual_fan(cast(Kind, kind))),
    )


def form() -> type[BaseModel]:
    """The class with the distributions and their options as a spec writes them."""
    from archc.ops.distributions import Distributions  # only for options and mistakes, for the time of start-up

    return Distributions


class _Schema:
    """The JSON Schema of `weight_init`: a kind with its options, or a kind alone."""

    @staticmethod
    def __get_pydantic_json_schema__(core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        model = form()
        model.model_rebuild()
        made = handler(model.__pydantic_core_schema__)
        return {"anyOf": [{"enum": [*WORDS]}, made]}


WeightInitField = Annotated[WeightInit, PlainValidator(_read), PlainSerializer(WeightInit.written), _Schema()]

HE_NORMAL = WeightInit("he_normal", 0)
SMALL = WeightInit("glorot_normal", 0.1, "both")
"""The defaults: that of every op, and that of a layer whose values are the network's output."""
