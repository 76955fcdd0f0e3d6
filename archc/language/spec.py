"""The language: pydantic models of a whole spec, and a document, which is a spec with the nodes it came from.

Of the layers it holds the names: each op's own class validates their fields when the spec is lowered.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MappingNode, YamlNode, plain, read
from archc.language.validation import NAME, explain
from archc.ops.fields import Count, NotNegative, Positive, Rate, Size, SizeField
from archc.source import Span

Loss = Literal["cross_entropy"]
TestViews = Literal["ten_crop", "center"]
Strategy = Literal["data", "columns", "hybrid"]
Choice = Literal["split", "replicate"]
Precision = Literal["float32", "bfloat16"]
MOST_DEVICES = 64
DEVICES = 2
"""Where neither the spec nor the command line says over how many a network is split."""

_MEMORY = re.compile(r"([0-9]{1,6})(MiB|GiB)\Z", re.ASCII)
_END = r"\Z"


def _is_name(value: str) -> str:
    if not NAME.match(value):
        raise PydanticCustomError("name", "takes a name")
    return value


def _is_image(value: list[int]) -> list[int]:
    if len(value) != 3:
        raise PydanticCustomError("image", "takes [channels, height, width]")
    return value


def _matches(pattern: re.Pattern[str]) -> WithJsonSchema:
    """The JSON Schema of a string that a pattern describes, whose `\\Z` is written `$` there."""
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern.pattern.removesuffix(_END)}$"})


Name = Annotated[str, AfterValidator(_is_name), _matches(NAME)]
Image = Annotated[list[Count], AfterValidator(_is_image), Field(json_schema_extra={"minItems": 3, "maxItems": 3})]


def _read_memory(value: object) -> object:
    match = _MEMORY.match(value) if isinstance(value, str) else None
    if not match:
        raise PydanticCustomError("memory", "takes a size such as 3GiB or 512MiB")
    return int(match[1]) * (2**30 if match[2] == "GiB" else 2**20)


MemorySize = Annotated[int, BeforeValidator(_read_memory), _matches(_MEMORY)]
"""Bytes, written such as 3GiB or 512MiB."""


class Section(BaseModel):
    """Fields are strict, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Expect(Section):
    """Totals that must hold."""

    parameters: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Learned numbers, weights and biases."
    )
    macs: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Multiply-accumulates for one example, of convolutions and dense layers."
    )
    exchanges: list[str] | None = Field(
        default=None,
        description="The layers before which maps or units cross between devices under `parallel:`, in any order. What "
        "one layer gathers, another that reads it need not gather again.",
    )
    memory: MemorySize | None = Field(
        default=None,
        description="At most so much for a training step in float32 at the recipe's batch, such as 3GiB; under "
        "`parallel:`, on each device.",
    )


class Parallel(Section):
    """Where the network is computed: over how many devices, split how, each with how much memory."""

    devices: Annotated[int, Field(ge=1, le=MOST_DEVICES)] = Field(description="Over how many devices.")
    strategy: Strategy = Field(
        description="`data`: each holds all layers and a part of the batch; `columns`: each holds an equal part of "
        "every layer's maps or units; `hybrid`: convolutions by data, dense layers by columns."
    )
    device_memory: MemorySize | None = Field(default=None, description="What one device holds, such as 3GiB or 512MiB.")
    layers: dict[str, Choice] = Field(
        default={},
        description="Convolutions and dense layers that are placed otherwise than the strategy says: `split`, each "
        "device computes a part of the maps or units; `replicate`, each holds all of the layer's parameters.",
    )


class Sgd(Section):
    """The paper's rule: v <- momentum v - weight_decay lr w - lr g; w <- w + v."""

    lr: Positive = Field(description="Learning rate.")
    momentum: Rate = Field(description="Share of the last step that the next one keeps, from 0 to below 1.")
    weight_decay: NotNegative = Field(description="Share of a weight that a step takes off, times the learning rate.")
    decay_biases: bool = Field(default=False, description="Whether biases decay as weights do.")

    @property
    def spares_biases(self) -> bool:
        """Whether weights decay and biases do not."""
        return self.weight_decay > 0 and not self.decay_biases


class Optimizer(Section):
    """The rule that changes the weights; `sgd` is the only one so far."""

    sgd: Sgd = Field(description="Stochastic gradient descent by the paper's rule.")


class OnPlateau(Section):
    """Multiply the learning rate by `factor`, at most `times`, when `patience` epochs lowered no held-out error."""

    factor: Annotated[float, Field(gt=0, lt=1)] = Field(description="What the learning rate is multiplied by.")
    times: Annotated[int, Field(ge=0, le=1000)] = Field(description="How often that may happen in a run.")
    patience: Count = Field(default=5, description="Epochs without a lower held-out error before it happens.")

    def last(self, lr: float) -> float:
        """What a learning rate has become when it has happened all its times."""
        for _ in range(self.times):
            lr *= self.factor
        return lr


class Schedule(Section):
    """How the learning rate changes; without one it stays."""

    on_plateau: OnPlateau = Field(description="Lower the learning rate when the held-out error has stopped falling.")


class DataRecipe(Section):
    """From a picture to the network's input: the shorter side to `resize` pixels, a `crop`, a mean subtracted."""

    resize: Count = Field(description="Pixels of the shorter side after resizing.")
    crop: SizeField = Field(description="Pixels cut out, which the network reads: one number or [height, width].")
    mirror: bool = Field(description="Whether half the training pictures are mirrored, left to right.")
    color_pca: NotNegative = Field(
        default=0, description="Deviation of a random shift along the colours' principal components; 0 for none."
    )
    mean: Literal["pixel", "channel", "none"] = Field(
        description="What is subtracted: the mean of each `pixel`, of each `channel`, or nothing."
    )

    @field_validator("crop")
    @classmethod
    def _crop_fits(cls, crop: Size, info: ValidationInfo) -> Size:
        resize = info.data.get("resize")
        if resize is not None and max(crop) > resize:
            raise PydanticCustomError("crop", "is cut from a picture resized to {resize}", {"resize": resize})
        return crop


class Recipe(Section):
    """How the network is trained and tested."""

    batch: Count = Field(description="Examples a step, over all devices together.")
    epochs: Count = Field(description="Passes over the training data.")
    loss: Loss = Field(description="What is minimised; a final softmax is part of `cross_entropy`.")
    optimizer: Optimizer = Field(description="The rule that changes the weights.")
    schedule: Schedule | None = Field(default=None, description="How the learning rate changes; without one it stays.")
    data: DataRecipe = Field(description="From a picture to the network's input.")
    test: TestViews = Field(
        description="`ten_crop`: the mean over corners, centre and all five mirrored; `center`: the centre alone."
    )


class Spec(Section):
    """A whole spec in archc/v1."""

    schema_: Literal["archc/v1"] = Field(alias="schema", description="The language and its version.")
    name: Name = Field(description="The network's name: a letter, then letters, digits and `_`, at most 64.")
    title: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="What the network is, in a line, as reports and emitted source show it."
    )
    input: Annotated[dict[Name, Image], Field(min_length=1, max_length=1)] = Field(
        description="The one input, {name: [channels, height, width]}; the batch axis is implied."
    )
    defaults: dict[str, object] = Field(
        default={}, description="Fields for every layer of an op, overridden where the layer says so."
    )
    layers: dict[str, object] = Field(
        description="The layers by name, in order; each reads the one before it unless it says `from:`."
    )
    outputs: Annotated[list[str], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = Field(
        default=None, description="The layers whose values the network returns; without it, those that no layer reads."
    )
    expect: Expect = Field(default_factory=Expect, description="Totals that must hold.")
    parallel: Parallel | None = Field(default=None, description="How many devices compute the network, split how.")
    train: Recipe | None = Field(
        default=None, description="How the network is trained and tested; without it, a stated default recipe is used."
    )


class Spans(NamedTuple):
    """Where the parts of a spec are written, by their path of keys: the only thing of the text that passes need."""

    root: MappingNode

    def value(self, *path: str) -> Span:
        """The span of the value at a path, or of the nearest mapping around it."""
        node = _at(self.root, path)
        return node.span if node else self.value(*path[:-1])

    def key(self, *path: str) -> Span:
        """The span of the last key of a path, or of the nearest mapping around it."""
        parent = _at(self.root, path[:-1])
        if isinstance(parent, MappingNode) and path[-1] in parent.keys:
            return parent.keys[path[-1]].span
        return self.value(*path[:-1])


class Document(NamedTuple):
    """A spec together with its nodes. `input_known` is False if the input could not be read."""

    spec: Spec
    root: MappingNode
    input_known: bool

    @property
    def spans(self) -> Spans:
        return Spans(self.root)

    def node(self, *path: str) -> YamlNode | None:
        """The node at a path of keys."""
        return _at(self.root, path)


def _at(root: YamlNode, path: tuple[str, ...]) -> YamlNode | None:
    node: YamlNode | None = root
    for step in path:
        node = node.entries.get(step) if isinstance(node, MappingNode) else None
    return node


# Placeholders for parts that could not be read, so that the other parts are still checked.
_PLACEHOLDERS: dict[str, object] = {
    "schema": "archc/v1",
    "name": "unnamed",
    "input": {"image": [1, 1, 1]},
    "layers": {},
}


def read_spec(data: bytes, name: str) -> tuple[Document | None, list[Finding]]:
    """The document of a text, as far as it can be read, and the findings on it."""
    root, findings = read(data, name)
    if root is None:
        return None, findings
    if not isinstance(root, MappingNode):
        start = Span(root.span.source, root.span.start, root.span.start + 1)
        return None, [*findings, report(start, "ARC104", "a spec is a mapping that begins with `schema: archc/v1`")]
    content = {key: _layer_names(node) if key == "layers" else plain(node) for key, node in root.entries.items()}
    start = Span(root.span.source, root.span.start, root.span.start)
    try:
        return Document(Spec.model_validate(content), root, input_known=True), findings
    except ValidationError as error:
        findings += explain(error, Spec, root.entries, root.keys, start, "the spec")
        faulty = {str(detail["loc"][0]) for detail in error.errors(include_url=False)}
    usable = {key: value for key, value in content.items() if key not in faulty}
    spec = Spec.model_validate({**_PLACEHOLDERS, **usable})
    return Document(spec, root, input_known="input" in usable), findings


def _layer_names(layers: YamlNode) -> object:
    return dict.fromkeys(layers.entries) if isinstance(layers, MappingNode) else plain(layers)


def default_recipe(image: list[int]) -> Recipe:
    """The recipe for a spec without `train:`: the paper's, its crop scaled to the input."""
    _, height, width = image
    return Recipe.model_validate(
        {
            "batch": 128,
            "epochs": 90,
            "loss": "cross_entropy",
            "optimizer": {"sgd": {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}},
            "schedule": {"on_plateau": {"factor": 0.1, "times": 3}},
            "data": {
                "resize": round(max(height, width) * 256 / 227),
                "crop": [height, width],
                "mirror": True,
                "mean": "pixel",
            },
            "test": "center",
        }
    )
