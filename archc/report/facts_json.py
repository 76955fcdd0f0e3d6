"""The facts of a network as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from typing_extensions import TypedDict

from archc.analysis import Facts
from archc.diagnostics.json import documented
from archc.graph import Node, Scope
from archc.passes.counts import LayerCounts
from archc.passes.receptive import ReceptiveField
from archc.report.memory_json import MemoryJson
from archc.report.memory_json import as_json as memory_as_json
from archc.report.placement_json import PlacementJson
from archc.report.placement_json import as_json as placement_as_json

if TYPE_CHECKING:
    from archc.passes.free_sizes import Axis

Shape = list[int]
"""[channels, height, width] or [units], without the batch axis."""


@documented
class CountsJson(TypedDict):
    """Counts of a layer or a network. `archc explain macs` states each convention."""

    # Described with Field: pydantic reads the docstrings of fields only in their own class, not in one that inherits.
    parameters: Annotated[int, Field(description="Number of trained values: weights and biases.")]
    weights: Annotated[int, Field(description="Number of trained values that are not biases.")]
    biases: Annotated[int, Field(description="Number of trained values that are added.")]
    statistics: Annotated[
        int, Field(description="Number of values that are updated, not trained: running means and variances.")
    ]
    macs: Annotated[int, Field(description="Multiply-accumulates per example, forward.")]
    backward_macs: Annotated[int, Field(description="Multiply-accumulates of the gradients per example.")]
    element_ops: Annotated[
        int, Field(description="Scalar operations per example, forward, other than the multiply-accumulates.")
    ]
    activations: Annotated[int, Field(description="Number of output values per example.")]


@documented
class ReceptiveFieldJson(TypedDict):
    """The rectangle of pixels that can affect one value of a layer, as if maps extended beyond their edges."""

    size: list[int]
    """[height, width] in pixels; a sequence is one row of them. For a vector, the size of the whole input."""
    start: list[int]
    """[row, column] of the first pixel that affects the map's first value; negative in the padding."""
    stride: list[int] | None
    """[rows, columns] between the fields of adjacent values; null for a vector, or where unequal strides meet."""


# `from` is a keyword, so it cannot be a field of a class statement.
Reads = TypedDict("Reads", {"from": Annotated[list[str], Field(description="Layers or input that the layer reads.")]})


@documented
class LayerJson(Reads, CountsJson):
    """A layer and its counts."""

    name: str
    """Name of the layer in the spec."""
    op: str
    """Op of the layer. `archc explain OP` explains it."""
    window: str
    """Window or rate of the op, as the table shows it; may be empty."""
    size: str | None
    """Arithmetic of the output size: `(227 - 11) / 4 + 1 = 55`; null if the op has no sliding window."""
    output: Shape
    """Shape of the layer's output without the batch axis: [channels, height, width], [channels, length] or
    [units]; a free size is that for the usual size of the input."""
    formula: str | None
    """The same shape as formulas, such as `64 × ceil(H / 2) × ceil(W / 2)`; null if no free size changes it."""
    receptive_field: ReceptiveFieldJson | None
    """Receptive field of one output value; null if it is larger than any picture."""


ScopeReads = TypedDict(
    "ScopeReads", {"from": Annotated[list[str], Field(description="Layers or input that it reads as its `input`.")]}
)


@documented
class ScopeJson(ScopeReads):
    """A block where it is used, or a numbered stage. The names of its layers begin with its path and a point."""

    path: str
    """Path of the block or stage, such as `layer2.0`."""
    block: str | None
    """Name of the block in the spec; null for a stage."""
    output: str
    """Layer whose value the block or stage gives."""
    arguments: dict[str, object]
    """Values of the fields that the block takes, defaults included; empty for a stage."""


@documented
class FreeSizeJson(TypedDict):
    """A size of an input that the spec leaves free: `first`, `first` + `step`, `first` + 2 `step`, …"""

    symbol: str
    """What formulas call it: `H` and `W` for maps, `L` for a sequence or tokens."""
    usual: int
    """Size for which all shapes and counts are given."""
    first: int
    """Smallest size that all layers take."""
    step: int
    """Distance from one possible size to the next."""


@documented
class HeldJson(TypedDict):
    """The expectations of the spec, all of which are met."""

    layers: list[str]
    """Layers with an expected shape."""
    totals: list[str]
    """Totals with an expected value."""


@documented
class NetworkJson(CountsJson):
    """A network. Its counts are the sums of those of its layers."""

    name: str
    """Name of the network."""
    title: str
    """Title of the network in one line; the name if the spec has no title."""
    inputs: dict[str, Shape]
    """Shape of each input, by name."""
    vocabularies: dict[str, int]
    """Number of different tokens of each input that is tokens, by name."""
    free_sizes: list[FreeSizeJson]
    """Sizes of the inputs that the spec leaves free."""
    outputs: list[str]
    """Layers whose values the network returns."""
    layers: list[LayerJson]
    """Layers in the order of computation. Those of blocks are named by their paths, such as `layer2.0.conv1`."""
    scopes: list[ScopeJson]
    """Blocks where they are used, and numbered stages, each before those that it contains; empty without blocks."""
    chain: list[list[int]]
    """[height, width] of the maps, or [length] of the sequences, from the first layer to the last, listed where it
    changes. With branches, those of the longest path of layers."""
    batch: int
    """Examples per step over all devices, from the recipe."""
    training_memory: MemoryJson
    """Memory of a training step with `batch` examples in float32."""
    inference_memory: MemoryJson
    """Memory of an inference with `batch` examples in float32."""
    held: HeldJson
    """Expectations of the spec, all of which are met."""
    placement: PlacementJson | None
    """Placement of the network on devices; null if the spec has no `parallel`."""


def as_json(facts: Facts) -> NetworkJson:
    """The facts as plain data."""
    graph = facts.graph
    return {
        "name": graph.name,
        "title": graph.title,
        "inputs": {name: list(x.shape) for name, x in graph.inputs.items()},
        "vocabularies": {name: x.vocabulary for name, x in graph.inputs.items() if x.vocabulary is not None},
        "free_sizes": [_free_size(axis) for axis in facts.free.axes] if facts.free else [],
        "outputs": list(graph.outputs),
        "layers": [_layer(facts, node) for node in graph.nodes],
        "scopes": [_scope(scope) for scope in graph.scopes.values()],
        "chain": [list(size) for size in facts.shapes.chain],
        **_counts(facts.counts),
        "batch": facts.recipe.batch,
        "training_memory": memory_as_json(facts.step_memory),
        "inference_memory": memory_as_json(facts.inference_memory),
        "held": {"layers": list(facts.held.layers), "totals": list(facts.held.totals)},
        "placement": None if facts.placement is None else placement_as_json(facts.placement),
    }


def _layer(facts: Facts, node: Node) -> LayerJson:
    window, field = facts.shapes.windows.get(node.name), facts.receptive_fields[node.name]
    return {
        "name": node.name,
        "op": node.op.op,
        "from": list(node.inputs),
        "window": node.summary,
        "size": window.arithmetic if window else None,
        "output": list(node.output.shape),
        "formula": str(node.output) if node.output.is_free else None,
        "receptive_field": None if field is None else _receptive_field(field),
        **_counts(facts.counts.layers[node.name]),
    }


def _free_size(axis: Axis) -> FreeSizeJson:
    return {"symbol": axis.symbol, "usual": axis.usual, "first": axis.first, "step": axis.step}


def _scope(scope: Scope) -> ScopeJson:
    return {
        "path": scope.path,
        "block": scope.block,
        "from": list(scope.inputs),
        "output": scope.output,
        "arguments": dict(scope.arguments),
    }


def _counts(counts: LayerCounts) -> CountsJson:
    return {
        "parameters": counts.parameters,
        "weights": counts.weights,
        "biases": counts.biases,
        "statistics": counts.statistics,
        "macs": counts.macs,
        "backward_macs": counts.backward_macs,
        "element_ops": counts.element_ops,
        "activations": counts.activations,
    }


def _receptive_field(field: ReceptiveField) -> ReceptiveFieldJson:
    return {
        "size": list(field.size),
        "start": list(field.start),
        "stride": None if field.stride is None else list(field.stride),
    }
