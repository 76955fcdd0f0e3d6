"""What layers with learned weights share: a weight, a bias or none, and how both are initialised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import Field

from archc.ops.fields import Real
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues, switched
from archc.ops.initialisation import HE_NORMAL, WeightInit, WeightInitField
from archc.ops.op import CHANNELS_READ, UNSHARED, Op, OtherNames
from archc.ops.properties import Parameter
from archc.tensor import Tensor

_WEIGHTS = (
    *("kernel_initializer", "weight_filler", "weights_initializer", "weight_initializer", "kernel_init", "init"),
    *("initializer", "w_init", "init_method", "initialization"),
)
_BIASES = ("bias_initializer", "bias_filler", "b_init", "bias_value", "initial_bias")
_REGULARISERS = ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "weight_decay")
AS_MANY_GROUPS: Mapping[str, object] = dict.fromkeys(("all", "depthwise", "channels", "maps", *CHANNELS_READ), "each")
"""Words for as many groups as the layer reads maps."""
GROUPS = "write a whole number, or `groups: each` for as many groups as the layer reads maps"
"""What to write instead of any other word."""
_CONSTANTS = {"zeros": 0, "zero": 0, "ones": 1, "one": 1}


def _weights(word: str, values: Mapping[str, Any]) -> Converted | None:
    from archc.ops.initialisers import weights  # few specs need it, for the time of start-up

    return weights(word, values)


def _grouped_weights(word: str, values: Mapping[str, Any]) -> Converted | None:
    from archc.ops.initialisers import weights  # as above

    return weights(word, values, grouped=True)


def _biases(word: str, values: Mapping[str, Any]) -> Converted | None:
    from archc.ops.initialisers import biases  # as above

    return biases(word, values)


def _shared(values: Mapping[str, Any]) -> Converted | None:
    """Caffe's names of parameters, by which layers share them."""
    param = cast(object, values["param"])
    listed = cast(list[object], param) if isinstance(param, list) else [param]
    if not any(isinstance(each, dict) and "name" in each for each in listed):
        return None
    return Converted({"param": None}, certain=False, help=f"archc has no `param` with a name yet: {UNSHARED}")


def _bias_value(values: Mapping[str, Any]) -> Converted | None:
    from archc.ops.initialisers import bias_value  # as above

    return bias_value(values)


class Initialised(Op, frozen=True):
    """An op with a learned weight whose initial values a spec can choose."""

    if TYPE_CHECKING:  # each op declares the field, at its own place in the order of fields
        weight_init: WeightInitField

    def init_of(self, parameter: Parameter) -> WeightInit:
        """How one of its weights is initialised."""
        return self.weight_init

    def drawn(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        """Its weights, whose initial values are drawn."""
        return tuple(parameter for parameter in self.parameters(inputs) if not parameter.is_bias)


class Weighted(Initialised, frozen=True):
    """An op with a learned weight and, unless `bias: false`, a learned bias."""

    element_ops_words = "1 for the bias"
    kept_words = "its input"
    other_field_names: ClassVar[OtherNames] = {
        "bias": ("use_bias", "bias_term", "has_bias", "with_bias"),
        "weight_init": _WEIGHTS,
        "bias_init": _BIASES,
    }
    # A framework's initialiser has options that a renamed field would lose.
    loose_names = (*_WEIGHTS, *_BIASES)
    other_values: ClassVar[OtherValues] = {
        "bias_init": _CONSTANTS,
    }
    conversions = (
        switched("no_bias", "bias", {True: False, False: True}),
        *(Conversion((word,), partial(_weights, word)) for word in ("weight_init", *_WEIGHTS)),
        # Where the fan-out counts, so do groups.
        *(Conversion((word, "groups"), partial(_grouped_weights, word)) for word in ("weight_init", *_WEIGHTS)),
        *(Conversion((word,), partial(_biases, word)) for word in ("bias_init", *_BIASES)),
        Conversion(("bias",), _bias_value),
        Conversion(("param",), _shared),
    )
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(_REGULARISERS, Needless("`weight_decay` in `train:` applies to all weights", (None,))),
        **dict.fromkeys(("kernel_constraint", "bias_constraint"), Needless("weights are not constrained", (None,))),
        **dict.fromkeys(("lr_mult", "decay_mult", "param"), Needless("all layers have the same learning rate")),
    }

    autocast = "narrow"
    bias: bool = Field(
        default=True, description="Whether a learned number is added to the output of each filter or unit."
    )
    weight_init: WeightInitField = Field(
        default=HE_NORMAL,
        description="Distribution that weights are drawn from at the start. Frameworks' defaults differ. Of a dense "
        "layer or a convolution that gives the network's scores, the default is {glorot_normal: {gain: 0.1}}.",
    )
    bias_init: Real = Field(default=0, description="Initial value of every bias.")

    def bias_start(self, bias: Parameter) -> Sequence[float] | float:
        """The initial values of one of its biases, or of all of its values the same."""
        return self.bias_init

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """The addition of the bias, once per output value."""
        return output.size if self.bias else 0


def read_by_filters(x: Tensor, groups: int) -> str:
    """The maps that each filter of a convolution reads, in words."""
    maps = f"{x.channels} {x.unit}"
    read = f"all {maps}" if groups == 1 else f"{x.channels // groups} of the {maps}"
    return f"each filter reads {read}"


def part_of_filters(filters: int, groups: int, devices: int) -> dict[str, int]:
    """The fields of a convolution's equal part on each device.

    With fewer groups than devices, each device computes a part of one group and reads all maps of that group.
    """
    return {"filters": filters // devices, "groups": max(1, groups // devices)}
