"""The language: pydantic models of a whole spec.

The models contain only the names of the layers. The fields of a layer are validated by its op's class, in `lowering`.
The descriptions of the fields are what an editor shows on hovering, so each must make sense alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from archc.language.fields import NAME
from archc.language.recipe import Recipe
from archc.language.section import Section
from archc.ops.fields import Count
from archc.ops.foreign import OtherValues
from archc.tensor import MOST_AXES, Tensor

Strategy = Literal["data", "columns", "hybrid"]
Choice = Literal["split", "replicate"]
MOST_DEVICES = 64
SHAPES = "[units], [channels, length], [channels, height, width], or {tokens: [length], vocabulary: …}"
"""The shapes that an input can have."""
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


Name = Annotated[str, AfterValidator(_is_name), _matches(NAME)]
Shape = Annotated[
    list[Count | None], AfterValidator(_is_shape), Field(json_schema_extra={"minItems": 1, "maxItems": MOST_AXES})
]


def _read_memory(value: object) -> object:
    match = _MEMORY.match(value) if isinstance(value, str) else None
    if not match:
        raise PydanticCustomError("memory", "takes a size such as 3GiB or 512MiB")
    return int(match[1]) * (2**30 if match[2] == "GiB" else 2**20)


Reference = Annotated[str, BeforeValidator(lambda name: str(name) if type(name) is int else name)]
"""The name of a layer; in a list of layers, its number."""
MemorySize = Annotated[int, BeforeValidator(_read_memory), _matches(_MEMORY)]
"""A number of bytes, written as 3GiB or 512MiB."""


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
        "the layer's parameters. A block or a stage stands for all such layers in it.",
    )

    def entry(self, layer: str) -> str | None:
        """The entry of `layers` that places a layer: its own, or that of the nearest block or stage around it."""
        while layer and layer not in self.layers:
            layer = layer.rpartition(".")[0]
        return layer or None


FAMILY = ("extends", "change", "variants")
"""The sections by which a spec follows from another one."""


class Spec(Section):
    """A whole spec in archc/v1."""

    schema_: Literal["archc/v1"] = Field(alias="schema", description="Language of this file and its version.")
    extends: str | None = Field(
        default=None,
        description="Spec that this one follows from, as a path relative to this file: `alexnet.yaml`, or "
        "`alexnet.yaml:tanh` for one of its variants. This spec then has only `name`, `title`, `change`, `expect` and "
        "`variants` of its own.",
    )
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
    change: list[object] | None = Field(
        default=None,
        description="What differs from the spec that `extends` names, one change after another. Values, layers and "
        "lists as a whole are replaced, never merged.",
    )
    outputs: Annotated[list[Reference], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None = Field(
        default=None, description="Layers whose values the network returns. Default: those that no other layer reads."
    )
    expect: Expect = Field(default_factory=Expect, description="Totals of the network that archc checks.")
    parallel: Parallel | None = Field(default=None, description="How the network is divided among devices.")
    train: Recipe | None = Field(
        default=None,
        description="How the network is trained and tested. Default: a recipe that suits most networks, in "
        "docs/training.md.",
    )
    variants: dict[str, object] = Field(
        default={},
        description="Variants of the network by name, each with what it changes. A command takes one as `SPEC:NAME`.",
    )

    @property
    def inputs(self) -> dict[str, Tensor]:
        """The values that the network reads, by name; free sizes are at their usual ones."""
        return self.inputs_at(1)

    def inputs_at(self, times: int) -> dict[str, Tensor]:
        """The values that the network reads, by name; free sizes are at a multiple of their usual ones."""
        found: dict[str, Tensor] = {}
        for name, x in self.input.items():
            shape, vocabulary = (x, None) if isinstance(x, list) else (x.tokens, x.vocabulary)
            found[name] = Tensor(self._usual(shape, times), vocabulary)
        return found

    @property
    def free(self) -> dict[str, tuple[str | None, ...]]:
        """The inputs with free sizes: for each axis, the symbol of its size, or None if the spec gives its size."""
        shapes = {name: x if isinstance(x, list) else x.tokens for name, x in self.input.items()}
        return {name: _symbols(shape) for name, shape in shapes.items() if None in shape}

    def _usual(self, shape: list[int | None], times: int) -> tuple[int, ...]:
        """The shape at which figures are given: free sizes are those of the recipe's crop, if it has one."""
        data = self.train.data if self.train is not None else None
        usual = {symbol: times * size for symbol, size in USUAL.items()}
        if data is not None:
            usual |= {"H": data.crop.height, "W": data.crop.width}
        return tuple(size or usual[symbol or "L"] for size, symbol in zip(shape, _symbols(shape), strict=True))


def _symbols(shape: list[int | None]) -> tuple[str | None, ...]:
    """`H` and `W` for the free sizes of maps, `L` for that of a sequence or of tokens."""
    letters = (None, "H", "W") if len(shape) == MOST_AXES else (None, "L") if len(shape) > 1 else ("L",)
    return tuple(letter if size is None else None for letter, size in zip(letters, shape, strict=True))
