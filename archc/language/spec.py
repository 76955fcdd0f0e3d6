"""The language: pydantic models of a whole spec.

The models contain only the names of the layers. The fields of a layer are validated by its op's class, in `lowering`.
The descriptions of the fields are what an editor shows on hovering, so each must make sense alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from archc.language.fields import NAME
from archc.ops.fields import LARGEST, Count, NotNegative, Positive, Rate, Size, SizeField
from archc.ops.foreign import Needless, NeedlessFields, OtherValues
from archc.ops.properties import Loss
from archc.tensor import MOST_AXES, Tensor

TestViews = Literal["ten_crop", "center"]
Strategy = Literal["data", "columns", "hybrid"]
Choice = Literal["split", "replicate"]
Precision = Literal["float32", "bfloat16"]
MOST_DEVICES = 64
SHAPES = "[units], [channels, length], [channels, height, width], or {tokens: [length], vocabulary: …}"
"""The shapes that an input can have."""
_FLOAT32 = (None, 32, "float32", "fp32", "float", "full", "single")
_ERRORS = ("accuracy", "acc", "top1", "error")
"""Values that other frameworks write for what a run does by default: its precision, and what it measures."""
DEVICES = 2
"""The number of devices if neither the spec nor the command line gives one."""

USUAL = {"H": 224, "W": 224, "L": 512}
"""The sizes at which figures are given for axes that a spec leaves free."""

_MEMORY = re.compile(r"([0-9]{1,6})(MiB|GiB)\Z", re.ASCII)
_END = r"\Z"


def _is_name(value: str) -> str:
    if not NAME.match(value):
        raise PydanticCustomError("name", "takes a name")
    return value


def _is_shape(value: list[int | None]) -> list[int | None]:
    if not 1 <= len(value) <= MOST_AXES:
        raise PydanticCustomError("shape", f"takes {SHAPES}")
    if value[0] is None:
        raise PydanticCustomError("shape", "must begin with a number: only a height, a width or a length can be free")
    return value


def _form(value: object) -> str:
    return "tokens" if isinstance(value, dict | Tokens) else "shape"


def _matches(pattern: re.Pattern[str]) -> WithJsonSchema:
    """The JSON Schema of a string that matches a pattern."""
    # JSON Schema uses JavaScript's patterns, in which `$` is the end of the string and `\Z` does not exist.
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern.removesuffix(_END)}$"})


def _option(name: str, *, least: int | None = None) -> Callable[[object], str]:
    """What to do instead of a field that is an option of `archc train`, with its value if that is at least `least`."""

    def instead(value: object) -> str:
        is_value = type(value) is int and least is not None and value >= least
        return f"run `archc train --{name} {value}`" if is_value else f"use `archc train --{name}` for that"

    return instead


Name = Annotated[str, AfterValidator(_is_name), _matches(NAME)]
Shape = Annotated[
    list[Count | None], AfterValidator(_is_shape), Field(json_schema_extra={"minItems": 1, "maxItems": MOST_AXES})
]


def _read_memory(value: object) -> object:
    match = _MEMORY.match(value) if isinstance(value, str) else None
    if not match:
        raise PydanticCustomError("memory", "takes a size such as 3GiB or 512MiB")
    return int(match[1]) * (2**30 if match[2] == "GiB" else 2**20)


MemorySize = Annotated[int, BeforeValidator(_read_memory), _matches(_MEMORY)]
"""A number of bytes, written as 3GiB or 512MiB."""


class Section(BaseModel):
    """Base of the sections of a spec: fields are strict, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Tokens(Section):
    """An input of tokens: integers from 0 to below `vocabulary`, such as the words of a text."""

    tokens: Annotated[list[Count | None], Field(min_length=1, max_length=1)] = Field(
        description="Number of tokens of one example: [length], or [null] for any number."
    )
    vocabulary: Count = Field(description="Number of different tokens.")


Input = Annotated[Annotated[Shape, Tag("shape")] | Annotated[Tokens, Tag("tokens")], Discriminator(_form)]


class Expect(Section):
    """Totals of the network that archc checks."""

    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("flops", "gflops"), "write `macs`; a multiply-accumulate is two floating-point operations"
    )
    parameters: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Expected number of parameters: all weights and biases."
    )
    macs: Annotated[int, Field(ge=0)] | None = Field(
        default=None,
        description="Expected number of multiply-accumulates of convolutions and dense layers for one example.",
    )
    exchanges: list[str] | None = Field(
        default=None,
        description="Layers before which devices exchange maps or units under `parallel:`, in any order. A layer that "
        "reads what an earlier layer gathered does not exchange it again.",
    )
    memory: MemorySize | None = Field(
        default=None,
        description="Upper limit for the memory of a training step in float32 at the recipe's batch, such as 3GiB; "
        "with `parallel:`, on each device.",
    )


class Parallel(Section):
    """How the network is divided among devices."""

    other_values: ClassVar[OtherValues] = {
        "strategy": {
            **dict.fromkeys(("ddp", "dp", "data_parallel", "distributed_data_parallel", "mirrored"), "data"),
            **dict.fromkeys(("tp", "tensor", "tensor_parallel", "column", "columnwise"), "columns"),
        }
    }
    devices: Annotated[int, Field(ge=1, le=MOST_DEVICES)] = Field(
        description="Number of devices that compute the network together."
    )
    strategy: Strategy = Field(
        description="How the network is divided. `data`: each device computes all layers for a part of the batch; "
        "`columns`: each computes an equal part of the maps or units of every layer; `hybrid`: convolutions by data, "
        "dense layers by columns."
    )
    device_memory: MemorySize | None = Field(
        default=None, description="Memory of one device, such as 3GiB or 512MiB, for `archc plan`."
    )
    layers: dict[str, Choice] = Field(
        default={},
        description="Layers with a `weight_init`, such as convolutions and dense layers, to place differently from the "
        "strategy. `split`: each device computes a part of the maps or units; `replicate`: each device stores all of "
        "the layer's parameters.",
    )


class Sgd(Section):
    """The paper's rule: v <- momentum v - weight_decay lr w - lr g; w <- w + v."""

    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("nesterov", "use_nesterov"), Needless("the rule has no Nesterov momentum", (False,))),
        "dampening": Needless("the whole gradient is added to each update", (0,)),
        "maximize": Needless("training minimises the loss", (False,)),
        **dict.fromkeys(("foreach", "fused", "differentiable"), Needless("it changes no value", "any")),
        **dict.fromkeys(("clipnorm", "clipvalue", "global_clipnorm"), Needless("gradients are not clipped", (None,))),
        **dict.fromkeys(("ema", "use_ema"), Needless("weights are not averaged", (False,))),
    }
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("decay", "lr_decay"), "write `weight_decay` if it is of the weights; a decay of `lr` has no counterpart"
    )
    lr: Positive = Field(description="Learning rate, before a schedule lowers it.")
    momentum: Rate = Field(description="Share of the previous update that is added to each update, from 0 to below 1.")
    weight_decay: NotNegative = Field(
        description="Weight decay: the fraction of each weight, times the learning rate, that each step subtracts."
    )
    decay_biases: bool = Field(default=False, description="Whether `weight_decay` also applies to biases.")

    @property
    def spares_biases(self) -> bool:
        """Whether weights decay but biases do not."""
        return self.weight_decay > 0 and not self.decay_biases


class Optimizer(Section):
    """The rule by which training updates the weights; `sgd` is the only one."""

    sgd: Sgd = Field(description="Stochastic gradient descent with momentum and weight decay, by the paper's rule.")


class OnPlateau(Section):
    """Multiplies the learning rate by `factor` after `patience` epochs without a lower held-out error."""

    factor: Annotated[float, Field(gt=0, lt=1)] = Field(
        description="Number that the learning rate is multiplied by, between 0 and 1."
    )
    times: Annotated[int, Field(ge=0, le=1000)] = Field(
        description="Number of times that the learning rate may be lowered in a run."
    )
    patience: Count = Field(
        default=5, description="Number of epochs without a lower held-out error after which the rate is lowered."
    )

    def last(self, lr: float) -> float:
        """The learning rate after it was lowered for the last time; `lr` is the first one."""
        # Multiplied step by step, as a run does: a power could differ in the last digit.
        for _ in range(self.times):
            lr *= self.factor
        return lr


class Schedule(Section):
    """How the learning rate changes during training."""

    on_plateau: OnPlateau = Field(description="Lowers the learning rate when the held-out error stops falling.")


class DataRecipe(Section):
    """How a picture becomes the network's input: it is resized, cropped, and a mean is subtracted."""

    needless: ClassVar[NeedlessFields] = {
        "std": Needless("a mean is subtracted, and values are not divided", (1, [1, 1, 1], None, "none")),
        "shuffle": Needless("training pictures are always shuffled", (True,)),
        **dict.fromkeys(("num_workers", "workers", "pin_memory", "prefetch"), Needless("it changes no value", "any")),
        **dict.fromkeys(
            ("path", "root", "dir", "folder"),
            Needless("`archc train --data` names the folder", (None,), instead=_option("data")),
        ),
    }
    other_values: ClassVar[OtherValues] = {"mean": {"null": "none", "false": "none", "no": "none", "image": "pixel"}}
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("size", "image_size", "img_size", "input_size"),
        "write `resize` for the shorter side of a picture, `crop` for the part that the network reads",
    )
    absent_forms: ClassVar[Mapping[str, str]] = {
        "mean": "the mean is computed from the training pictures: write `mean: channel` for one number per channel",
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
    mean: Literal["pixel", "channel", "none"] = Field(
        description="Mean over the training pictures that is subtracted: of each `pixel`, of each `channel`, or `none`."
    )

    @field_validator("crop")
    @classmethod
    def _crop_fits(cls, crop: Size, info: ValidationInfo) -> Size:
        resize = info.data.get("resize")
        if resize is not None and max(crop) > resize:
            message = "must be at most {resize}, the value of `resize`"
            raise PydanticCustomError("crop", message, {"resize": resize})
        return crop


class Recipe(Section):
    """How the network is trained and tested."""

    needless: ClassVar[NeedlessFields] = {
        "seed": Needless("`archc train --seed` is 0 by default", (None, 0), instead=_option("seed", least=0)),
        **dict.fromkeys(
            ("device", "devices", "gpus", "num_gpus"),
            Needless("`archc train` chooses it", (None,), instead=_option("gpus", least=1)),
        ),
        **dict.fromkeys(
            ("precision", "dtype"),
            Needless("it is that of `archc train`", _FLOAT32, instead=_option("precision")),
        ),
        "amp": Needless("it is off", (None, False), instead="run `archc train --precision bfloat16`"),
        "shuffle": Needless("training pictures are always shuffled", (True,)),
        **dict.fromkeys(("num_workers", "workers", "pin_memory"), Needless("it changes no value", "any")),
        "metrics": Needless(
            "training measures the error of the test views",
            (None, [], *_ERRORS, *([word] for word in _ERRORS)),
            instead="read the error of the test views: nothing else is measured",
        ),
    }
    absent: ClassVar[Mapping[str, str]] = Sgd.absent
    batch: Count = Field(description="Number of examples per training step, on all devices together.")
    epochs: Count = Field(description="Number of passes over the training data.")
    loss: Loss = Field(
        description="Loss that training minimises. `cross_entropy`: of one class for each example, or for each "
        "position of a sequence or of maps; a final softmax is a part of it. `binary_cross_entropy`: of each value by "
        "itself, as true or false; a final sigmoid is a part of it. `mean_squared_error`: of each value."
    )
    optimizer: Optimizer = Field(description="Rule by which training updates the weights.")
    schedule: Schedule | None = Field(
        default=None, description="How the learning rate changes during training. Default: it stays the same."
    )
    data: DataRecipe | None = Field(
        default=None,
        description="How a picture becomes the network's input. Only for pictures: arrays are read as they are.",
    )
    test: TestViews = Field(
        default="center",
        description="Parts of a picture that are tested. `ten_crop`: the four corners, the centre and the mirror image "
        "of each, whose predictions are averaged; `center`: the centre only.",
    )


class Spec(Section):
    """A whole spec in archc/v1."""

    schema_: Literal["archc/v1"] = Field(alias="schema", description="Language of this file and its version.")
    name: Name = Field(
        description="Name of the network: a letter, then letters, digits and `_`, at most 64 characters."
    )
    title: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="Title of the network in one line, for reports and emitted source. Default: its name."
    )
    input: Annotated[dict[Name, Input], Field(min_length=1)] = Field(
        description="Inputs of the network by name, each with its shape, without the batch axis: [channels, height, "
        "width] for maps, [channels, length] for a sequence, [units] for a vector, {tokens: [length], vocabulary: …}. "
        "Of several, each layer that reads one names it in its `from:`."
    )
    defaults: dict[str, object] = Field(
        default={}, description="Default values of fields, by op. A layer's own fields take precedence."
    )
    blocks: dict[str, object] = Field(
        default={},
        description="Blocks by name: layers that are written once and used under several names, with values that each "
        "use gives.",
    )
    layers: dict[str, object] = Field(
        description="Layers by name, in order. Each reads the layer before it, unless it has a `from:`."
    )
    outputs: Annotated[list[str], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = Field(
        default=None, description="Layers whose values the network returns. Default: those that no other layer reads."
    )
    expect: Expect = Field(default_factory=Expect, description="Totals of the network that archc checks.")
    parallel: Parallel | None = Field(default=None, description="How the network is divided among devices.")
    train: Recipe | None = Field(
        default=None, description="How the network is trained and tested. Default: a recipe based on the paper's."
    )

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The values that the network reads, by name; free sizes are at their usual ones."""
        return {
            name: Tensor(self._usual(x)) if isinstance(x, list) else Tensor(self._usual(x.tokens), x.vocabulary)
            for name, x in self.input.items()
        }

    @property
    def free(self) -> dict[str, tuple[str | None, ...]]:
        """The inputs with free sizes: for each axis, the symbol of its size, or None if the spec gives its size."""
        shapes = {name: x if isinstance(x, list) else x.tokens for name, x in self.input.items()}
        return {name: _symbols(shape) for name, shape in shapes.items() if None in shape}

    def _usual(self, shape: list[int | None]) -> tuple[int, ...]:
        """The shape at which figures are given: free sizes are those of the recipe's crop, if it has one."""
        data = self.train.data if self.train is not None else None
        usual = {**USUAL, **({"H": data.crop.height, "W": data.crop.width} if data is not None else {})}
        return tuple(size or usual[symbol or "L"] for size, symbol in zip(shape, _symbols(shape), strict=True))


def _symbols(shape: list[int | None]) -> tuple[str | None, ...]:
    """`H` and `W` for the free sizes of maps, `L` for that of a sequence or of tokens."""
    letters = (None, "H", "W") if len(shape) == MOST_AXES else (None, "L") if len(shape) > 1 else ("L",)
    return tuple(letter if size is None else None for letter, size in zip(letters, shape, strict=True))


def default_recipe(inputs: Iterable[Tensor], loss: Loss = "cross_entropy") -> Recipe:
    """The recipe for a spec without `train:`: the paper's, its crop scaled to the input if that is a picture."""
    first, *others = inputs
    is_picture = first.is_maps and not others and loss == "cross_entropy"
    usual = usual_recipe(list(first.shape) if is_picture else [1, 1, 1])
    return Recipe.model_validate({**usual, "loss": loss, "data": usual["data"] if is_picture else None})


def usual_recipe(image: list[int]) -> dict[str, object]:
    """The same as plain data, for pictures of [channels, height, width]."""
    _, height, width = image
    return {
        "batch": 128,
        "epochs": 90,
        "loss": "cross_entropy",
        "optimizer": {"sgd": {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}},
        "schedule": {"on_plateau": {"factor": 0.1, "times": 3}},
        "data": {
            "resize": min(round(max(height, width) * 256 / 227), LARGEST),
            "crop": height if height == width else [height, width],
            "mirror": True,
            "mean": "pixel",
        },
        "test": "center",
    }
