"""What an op is: one frozen class with its fields, shape rule, parameters, cost, meaning and names.

Everything that archc does with an op follows from this class, so a new op is one file. An op never sees source text: it
raises ShapeError with the name of the field at fault, and its caller knows where that field is written.
"""

# Without `from __future__ import annotations`: pydantic would evaluate each annotation below again for every op, as
# source text, which takes longer than all else that a class of an op takes to make.

from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel

from archc.ops.foreign import Chosen, Conversion, Excluded, Needless, NeedlessFields, OtherValues, Unlikely, UsualValues
from archc.ops.properties import POINT, Footprint, Kept, Loss, Numbers, Parameter, Reach, Scratch
from archc.ops.window import Window
from archc.tensor import Tensor

if TYPE_CHECKING:  # only what computes imports NumPy, not what checks
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

OtherNames = Mapping[str, tuple[str, ...]]
"""By a field of an op, the names that other frameworks have for it."""

_AXES = "the channels are the first axis of a shape in every backend"
UNSHARED = "layers cannot share weights: each layer has its own"
_SHARING = (
    *("share", "shared", "share_with", "shared_with", "share_weights", "shared_weights", "share_params", "sharing"),
    *("weight_sharing", "tie", "tied", "tied_to", "tie_weights", "tied_weights", "weight_tying", "reuse"),
)
INFERRED = "archc infers it from the layer's input"
CHANNELS_READ = (
    "in_channels",
    "in_features",
    "in_planes",
    "in_maps",
    "input_channels",
    "num_inputs",
    "input_dim",
    "in_dim",
)
_SHAPES_READ = ("input_shape", "batch_input_shape", "input_size", "in_shape")


def channels_of(x: Tensor) -> tuple[object, ...]:
    """The maps or units of a layer's input."""
    return (x.channels,)


def _shapes_of(x: Tensor) -> tuple[object, ...]:
    """The shape of a layer's input as other frameworks write it: with the channels first or last, and the batch."""
    first, last = list(x.shape), [*x.shape[1:], x.channels]
    return (first, last, [None, *first], [None, *last], *([x.size] if x.is_vector else []))


class Op(BaseModel, extra="forbid", frozen=True, strict=True, defer_build=True):
    """Base of all ops: fields are strict, closed and frozen.

    A subclass declares `op: Literal["name"]`, its fields, and whichever of the traits below are not at their default.
    """

    # The language: what a spec writes.
    op: str
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """Fewest and most inputs; None for no limit."""
    leading: ClassVar[tuple[str, ...]] = ()
    """Fields that `archc fmt` writes first, in this order; the others follow in the order of the class."""
    shape_rule: ClassVar[str]
    """The output's shape from the inputs', in words."""
    failing: ClassVar[str]
    """A small spec with a mistake that this op reports."""
    corrected: ClassVar[str]
    """The same spec without the mistake."""

    reads_tokens: ClassVar[bool] = False
    """Whether it reads tokens; all other ops compute with numbers, and are refused tokens before `infer`."""
    on_sequences: ClassVar[str] = ""
    """The op that does to sequences what this one does to maps, if it reads no sequences itself."""

    on_maps: ClassVar[str] = ""
    """The op that does to maps what this one does to sequences, if it reads no maps itself."""

    # Names: what people and other frameworks call it.
    spoken: ClassVar[str] = ""
    """What a sentence or a figure calls it; by default its name with spaces for underscores."""
    other_names: ClassVar[tuple[str, ...]] = ()
    """What other frameworks call it, for "did you mean" and `--fix`."""
    other_field_names: ClassVar[OtherNames] = {}
    """What other frameworks call its fields, by its own field names."""
    loose_names: ClassVar[tuple[str, ...]] = ()
    """Those of the names above that can mean something else as well: suggested, never fixed automatically."""
    other_values: ClassVar[OtherValues] = {}
    """What other frameworks write for values of its fields, by its own field names."""
    operator: ClassVar[str] = ""
    """The sign by which a program applies it to its inputs, such as `+`."""
    reads_before: ClassVar[tuple[str, ...]] = ()
    """Those of the names above under which a layer that names one input reads the layer before it too."""
    excluded: ClassVar[Excluded] = {}
    """Layers under one of the names above that are not this op after all, by their fields."""
    chosen: ClassVar[Chosen] = {}
    """Layers under another op's name of another framework that are this op, by their fields."""
    usual: ClassVar[UsualValues] = {}
    """What its required fields are by default under another framework's name of it, to suggest where one is missing."""
    conversions: ClassVar[tuple[Conversion, ...]] = ()
    """Fields of other frameworks whose values change with their names."""
    needless: ClassVar[NeedlessFields] = {
        "name": Needless("the key of a layer is its name"),
        "top": Needless("the key of a layer is its name"),
        "trainable": Needless("every layer is trained", (True,)),
        "requires_grad": Needless("every layer is trained", (True,)),
        **dict.fromkeys(
            ("dtype", "param_dtype"),
            Needless("values are float32, unless `archc train --precision` says otherwise", ("float32", "fp32")),
        ),
        "device": Needless("`archc train` chooses it", (None,), instead="choose it by `archc train --gpus`"),
        "data_format": Needless(_AXES, (None, "channels_first", "NCHW", "nchw")),
        "layout": Needless(_AXES, ("NCHW", "nchw")),
        **dict.fromkeys(("in_place", "inplace"), Needless("it changes no value", (True, False, 0, 1))),
        **dict.fromkeys(CHANNELS_READ, Needless(INFERRED, inferred=channels_of)),
        **dict.fromkeys(_SHAPES_READ, Needless(INFERRED, inferred=_shapes_of)),
    }
    """Fields of other frameworks that it does not need; a subclass adds its own."""

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(_SHARING, UNSHARED)
    """Words of the field for what archc has no counterpart of, with the remark on each."""
    absent_forms: ClassVar[Mapping[str, str]] = {}
    """By a field, what to write instead of a value that is none of its kinds."""

    # What it does to values, for advice.
    keeps_shape: ClassVar[bool] = False
    """Whether it reads any shape and its output has the same one."""
    is_activation: ClassVar[bool] = False
    """Whether it is a nonlinear function of each value by itself."""
    narrows: ClassVar[bool] = False
    """Whether it is an activation that gives only some numbers, so that scores after it cannot be any."""
    splits: ClassVar[bool] = True
    """Whether a part of its maps can be computed with a part of its weights; without weights, it has none to split."""
    is_linear: ClassVar[bool] = False
    """Whether, in inference, it is a linear function of its inputs, plus a constant."""
    output_sign: ClassVar[Literal["nonnegative", "kept", "any"]] = "any"
    """Whether outputs are never negative, or are not when the inputs are not."""
    keeps_zeros: ClassVar[bool] = False
    """Whether an output is zero where all inputs that it depends on are, so that a dropout's zeros reach its reader."""
    drops_examples: ClassVar[bool] = False
    """Whether what it drops while training is all values of an example at once."""
    normalises: ClassVar[Literal["neighbours", "batch", "map", "example"] | None] = None
    """Whether it divides values by the energy of their neighbours, by the deviation of each map over the batch or of
    each map alone, whose mean it subtracts, or by another measure of one example."""
    gives_probabilities: ClassVar[bool] = False
    """Whether its outputs sum to 1, as a softmax's do."""
    views_part: ClassVar[bool] = False
    """Whether its output, where it is a view, is only a part of its input, so that it has a gradient of its own."""
    multiplies: ClassVar[bool] = False
    """Whether it multiplies its inputs with each other, so that one can be the weights of another, as at a gate."""
    commutes: ClassVar[bool] = False
    """Whether the order of its inputs does not matter."""
    folds: ClassVar[bool] = False
    """Whether it computes three or more inputs two at a time: the result of the first two and the third, and so on."""
    weight_axis: ClassVar[int] = 0
    """The axis of its weight that has an entry for each of its output maps or units; a bias has no other."""
    channels_field: ClassVar[str | None] = None
    """The field that sets the number of output maps or units."""

    # What it costs, in words for the concept pages; `element_ops` and `kept` compute the same.
    element_ops_words: ClassVar[str]
    """Element operations per output value, as a row of `archc explain macs`."""
    kept_words: ClassVar[str]
    """What it keeps for its backward pass, as a row of `archc explain memory`."""
    sequence_order: ClassVar[Literal["first", "last", "any"]] = "first"
    """The order in which it computes with a sequence: channels `first`, as (C, L), or `last`, as (L, C)."""
    keeps_layout: ClassVar[bool] = False
    """Whether its output has the order of axes in memory that its first input has."""
    copies_turned: ClassVar[bool] = False
    """Whether it copies a sequence that is in memory in another order, and keeps the copy for its backward pass."""
    passes_gradient: ClassVar[Literal["same", "first", "view"] | None] = None
    """Whether the gradient of each input, or only of the first, is that of the output, or that of each a view of it,
    and so takes no memory of its own."""
    autocast: ClassVar[Literal["narrow", "wide"] | None] = None
    """The precision that it computes in under mixed precision; None: the precision of its inputs."""

    @abstractmethod
    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """The output's shape; raises ShapeError."""

    @abstractmethod
    def compute(self, inputs: "tuple[Array, ...]", weights: "Mapping[str, Array]") -> "Array":
        """The output for a batch (N, …) in NumPy float64: the meaning of the op. `weights` are by parameter name."""

    @classmethod
    def instead(cls, fields: Mapping[str, Any], x: Tensor | None) -> str | None:
        """What to write instead of a layer that `excluded` excludes, from its fields and its input, if that is known.

        None if archc has no counterpart.
        """
        return None

    @property
    def fused_into(self) -> Loss | None:
        """The loss that computes it as well if it ends the network, so that training needs only what it reads."""
        return None

    def unlikely(self) -> Unlikely | None:
        """A value that is more likely another framework's; `{name}` in its texts stands for the layer."""
        return None

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        """The tensors that the layer owns, in this order: weights, biases, running statistics."""
        return ()

    def numbers(self, inputs: tuple[Tensor, ...]) -> Numbers:
        """The sizes of those tensors, summed by kind."""
        weights = biases = statistics = 0
        for parameter in self.parameters(inputs):
            size = prod(parameter.shape)
            if not parameter.trained:
                statistics += size
            # Recipes may exempt biases from weight decay, so they are counted apart.
            elif parameter.is_bias:
                biases += size
            else:
                weights += size
        return Numbers(weights, biases, statistics)

    @property
    def has_common_parameters(self) -> bool:
        """Whether all maps are computed with the same parameters, so that a split by maps does not divide them."""
        return False

    @property
    def differs_by_map(self) -> bool:
        """Whether each map is computed by its number, without a parameter, so that a part of the maps is not a narrower
        layer of the same op."""
        return False

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Multiply-accumulates for one example; by convention, of convolutions and dense layers only."""
        return 0

    def backward_macs(self, inputs: tuple[Tensor, ...], macs: int, *, learns: bool, reads_learned: bool) -> int:
        """Multiply-accumulates of the backward pass, from those of the forward pass.

        The gradient of the weights and that of the inputs each take as many as the forward pass.
        """
        return macs * (learns + reads_learned)

    @abstractmethod
    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Scalar operations of `compute` for one example besides multiply-accumulates.

        Each addition, multiplication, division, comparison, power or exponential of the formula as written counts one;
        a window at the edge counts as a whole one.
        """

    @abstractmethod
    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """What stays in memory from the forward to the backward pass."""

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """What each pass uses briefly; `narrow` if the inputs are narrower than float32."""
        return Scratch()

    def padded(self, inputs: tuple[Tensor, ...]) -> int:
        """The number of values of the padded copy of its input that it makes first; 0 if it needs none."""
        return 0

    def uncut(self, inputs: tuple[Tensor, ...]) -> int:
        """The number of values that it computes first, if its output is a copy of a part of them; else 0."""
        return 0

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Whether the output shares the memory of the input."""
        return False

    @property
    def scores_as(self) -> Literal["probabilities", "logarithms"] | None:
        """What it makes of the scores of all channels at each place, where it ends a classifier."""
        return "probabilities" if self.gives_probabilities else None

    @property
    def drop_rate(self) -> float:
        """The share of values that it sets to zero at random while training."""
        return 0.0

    def window(self, inputs: tuple[Tensor, ...]) -> Window | None:
        """The window that slides over the maps, if the op has one."""
        return None

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """What an output position depends on, vertically and horizontally; None if it may depend on everything."""
        return POINT, POINT

    def summary(self) -> str:
        """What the layer table shows beside the op: its window or rate."""
        return ""

    def reach(self) -> Reach:
        """Which input maps an output map depends on; by default only its own."""
        return Reach()

    @classmethod
    def has_groups(cls) -> bool:
        """Whether a field `groups` divides its maps into parts that do not read each other."""
        return "groups" in cls.model_fields

    def reads_words(self, x: Tensor) -> str:
        """What one output is computed from, where that is more than its own map: `each filter reads all 96 maps`."""
        return f"each output reads all {x.channels} {x.unit}"

    def split(self, devices: int) -> Self:
        """The op by which each of `devices` devices computes an equal part of the maps; by default the op itself."""
        return self

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps or units of each input that `part` of the output's maps depends on."""
        reach = self.reach()
        return tuple(reach.maps(part, output.channels, x.channels) for x in inputs)

    def reads_apart(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[tuple[range, ...], ...]:
        """As `reads`, without the maps between those that `part` depends on."""
        return tuple((maps,) for maps in self.reads(part, inputs, output))

    @classmethod
    def called(cls) -> str:
        """What a sentence calls the op."""
        return cls.spoken or (name_of(cls) or "").replace("_", " ")


def name_of(op: type[Op]) -> str | None:
    """The name by which a spec asks for an op; None for a base class that ops share."""
    names = get_args(op.model_fields["op"].annotation)
    return names[0] if names else None
