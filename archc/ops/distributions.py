"""The distributions of `weight_init` with their options, as a spec writes them.

Only a spec that writes options, or makes a mistake, imports this module; `archc.ops.initialisation` reads the common
forms itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from archc.ops.fields import Fan, Fields, NotNegative, Positive, Real
from archc.ops.foreign import Needless, NeedlessFields, OtherValues

FanField = Annotated[
    Fan, Field(description="Number that the variance is divided by: fan-in, fan-out, or the mean of `both`.")
]
_FANS = {"fan_in": "in", "fan_out": "out", "fan_avg": "both", "average": "both", "avg": "both"}


class Options(Fields):
    """Base of the options of a distribution."""

    needless: ClassVar[NeedlessFields] = {
        "seed": Needless("`archc train --seed` is the seed of all random draws", (None,)),
        "generator": Needless("`archc train --seed` is the seed of all random draws", (None,)),
    }


class Deviation(Options):
    """Options of a distribution with a standard deviation and the mean 0."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {"std": ("stddev", "sigma", "standard_deviation")}
    needless: ClassVar[NeedlessFields] = {"mean": Needless("the mean is 0", (0,))}
    std: Positive = Field(description="Standard deviation.")


class Limit(Options):
    """Options of a uniform distribution."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {"limit": ("bound",)}
    limit: Positive = Field(description="Largest absolute value: weights are between -limit and limit.")


class He(Options):
    """Variance 2 / ((1 + slope²) fan): He et al., arXiv 1502.01852, equations 10, 14 and 15."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {"slope": ("a", "negative_slope")}
    other_values: ClassVar[OtherValues] = {"fan": _FANS}
    fan: FanField = "in"
    slope: NotNegative = Field(
        default=0, description="Slope for negative values of the rectifier after the layer: 0 for ReLU."
    )


class Glorot(Options):
    """Variance gain² / fan: Glorot and Bengio, AISTATS 2010, equation 12, where the gain is 1."""

    other_values: ClassVar[OtherValues] = {"fan": _FANS}
    fan: FanField = "both"
    gain: Positive = Field(default=1, description="Number that all weights are multiplied by.")


class Lecun(Options):
    """Variance 1 / fan-in: LeCun et al., Efficient BackProp, 1998, equation 16."""


class Gain(Options):
    """Options of orthogonal weights."""

    gain: Positive = Field(default=1, description="Number that all weights are multiplied by.")


class Value(Options):
    """Options of equal weights."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = {"value": ("val",)}
    value: Real = Field(description="Value of every weight.")


class Nothing(Options):
    """A distribution without options."""


# Words of frameworks for kinds of the same meaning, or of a meaning that `archc.ops.initialisers` converts.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "normal": ("gaussian", "random_normal", "normal_"),
    "truncated_normal": ("trunc_normal", "trunc_normal_"),
    "uniform": ("random_uniform", "uniform_"),
    "he_normal": ("kaiming_normal", "kaiming_normal_", "msra"),
    "he_uniform": ("kaiming_uniform", "kaiming_uniform_"),
    "glorot_normal": ("xavier_normal", "xavier_normal_"),
    "glorot_uniform": ("xavier_uniform", "xavier_uniform_", "xavier", "glorot"),
    "orthogonal": ("orthogonal_",),
    "constant": ("constant_",),
    "zeros": ("zeros_", "zero"),
}

_USE = "use another distribution, such as `he_normal: {}` or `orthogonal: {}`"


class Distributions(Fields):
    """How weights are initialised: exactly one of the fields."""

    other_field_names: ClassVar[Mapping[str, tuple[str, ...]]] = _OTHER_NAMES
    loose_names: ClassVar[tuple[str, ...]] = ("xavier", "glorot", "trunc_normal", "trunc_normal_")
    absent: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("identity", "eye", "eye_", "dirac", "dirac_", "bilinear", "sparse", "sparse_"), _USE),
        **dict.fromkeys(("positive_unitball", "starting_point", "stft"), _USE),
        **dict.fromkeys(("lecun", "he", "kaiming"), "use `lecun_normal: {}`, `he_normal: {}` or the `…_uniform` one"),
        **dict.fromkeys(("ones", "one", "ones_"), "use `constant: {value: 1}`"),
        "variance_scaling": "use `glorot_normal: {fan: …, gain: …}` or `glorot_uniform`, whose gain is sqrt(scale)",
    }
    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    normal: Deviation | None = Field(default=None, description="Normal distribution with mean 0.")
    truncated_normal: Deviation | None = Field(
        default=None,
        description="Normal distribution with mean 0, whose values beyond two standard deviations are drawn again.",
    )
    uniform: Limit | None = Field(default=None, description="Uniform distribution between -limit and limit.")
    he_normal: He | None = Field(
        default=None, description="Normal distribution with mean 0 and variance 2 / fan-in (He et al.)."
    )
    he_uniform: He | None = Field(
        default=None, description="Uniform distribution with mean 0 and variance 2 / fan-in (He et al.)."
    )
    glorot_normal: Glorot | None = Field(
        default=None,
        description="Normal distribution with mean 0 and variance 2 / (fan-in + fan-out) (Glorot and Bengio).",
    )
    glorot_uniform: Glorot | None = Field(
        default=None,
        description="Uniform distribution with mean 0 and variance 2 / (fan-in + fan-out) (Glorot and Bengio).",
    )
    lecun_normal: Lecun | None = Field(
        default=None, description="Normal distribution with mean 0 and variance 1 / fan-in (LeCun et al.)."
    )
    lecun_uniform: Lecun | None = Field(
        default=None, description="Uniform distribution with mean 0 and variance 1 / fan-in (LeCun et al.)."
    )
    orthogonal: Gain | None = Field(
        default=None,
        description="Orthogonal matrix (Saxe et al.): the weights of the outputs, one per row, are orthonormal, or the "
        "columns if there are more rows.",
    )
    constant: Value | None = Field(default=None, description="The same value for every weight.")
    zeros: Nothing | None = Field(default=None, description="0 for every weight.")

    @model_validator(mode="after")
    def _one(self) -> Distributions:
        (*written,) = self.model_fields_set
        if len(written) != 1 or getattr(self, written[0]) is None:
            raise PydanticCustomError(
                "one_of", "must have exactly one distribution, such as `normal: {std: 0.01}` or `he_normal: {}`"
            )
        return self


MODELS = (Distributions, Deviation, Limit, He, Glorot, Lecun, Gain, Value, Nothing)
"""The classes whose fields a spec writes."""
