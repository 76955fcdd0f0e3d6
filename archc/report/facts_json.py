"""A network's facts for programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from archc.analysis import Facts
from archc.diagnostics.json import documented
from archc.graph import Node
from archc.passes.counts import LayerCounts
from archc.passes.receptive import ReceptiveField
from archc.report.memory_json import MemoryJson
from archc.report.memory_json import as_json as memory_as_json
from archc.report.placement_json import PlacementJson
from archc.report.placement_json import as_json as placement_as_json

Shape = list[int]
"""[channels, height, width], or [units]: without the batch axis."""


@documented
class CountsJson(TypedDict):
    """What a layer or a network holds and takes; `archc explain macs` states each convention."""

    # Described here and not by texts below: of those pydantic reads only a class's own.
    parameters: Annotated[int, Field(description="Trained numbers: weights and biases.")]
    weights: Annotated[int, Field(description="Trained numbers that are no biases.")]
    biases: Annotated[int, Field(description="Trained numbers that are added.")]
    statistics: Annotated[
        int,
        Field(description="Numbers that are not trained but follow the batches, as those of a batch normalisation."),
    ]
    macs: Annotated[int, Field(description="Multiply-accumulates forward for one example.")]
    backward_macs: Annotated[int, Field(description="Multiply-accumulates of the gradients for one example.")]
    element_ops: Annotated[
        int, Field(description="Scalar operations forward for one example, besides the multiply-accumulates.")
    ]
    activations: Annotated[int, Field(description="Values of the outputs for one example.")]


@documented
class ReceptiveFieldJson(TypedDict):
    """The rectangle of pixels that a value of a layer can see, as though maps went on beyond their edges."""

    size: list[int]
    """[height, width]; the whole input for a vector."""
    start: list[int]
    """[row, column] of its first pixel for the first place of the map; negative in the padding."""
    stride: list[int] | None
    """[rows, columns] from one place to the next; null for a vector, and where paths of unequal strides meet."""


Reads = TypedDict("Reads", {"from": Annotated[list[str], Field(description="What it reads: layers or the input.")]})


@documented
class LayerJson(Reads, CountsJson):
    """A layer and what it costs."""

    name: str
    """Its name in the spec."""
    op: str
    """What it computes, which `archc explain OP` explains."""
    window: str
    """What the table says beside the op: its window or rate; may be empty."""
    size: str | None
    """How the size of its maps comes about, as `(227 - 11) / 4 + 1 = 55`; null where no window slides."""
    output: Shape
    """Its output's shape, [channels, height, width] or [units], without the batch axis."""
    receptive_field: ReceptiveFieldJson | None
    """What of the input a value of it sees; null where it is larger than any picture."""


@documented
class HeldJson(TypedDict):
    """Which of the spec's expectations there are; all hold."""

    layers: list[str]
    """The layers whose shape is as expected."""
    totals: list[str]
    """The totals that are as expected."""


@documented
class NetworkJson(CountsJson):
    """All that is known of a network; its counts are the sums of its layers'."""

    name: str
    """Its name."""
    title: str
    """What it is, in a line; the name where the spec has no title."""
    inputs: dict[str, Shape]
    """The shape of each input by its name."""
    outputs: list[str]
    """The layers whose values it returns."""
    layers: list[LayerJson]
    """In the order in which they are computed."""
    chain: list[list[int]]
    """The [height, width] of its maps from the first layer to the last, each where it changes."""
    batch: int
    """The examples of a step over all devices, for which memory is told."""
    training_memory: MemoryJson
    """Of a training step of `batch` examples in float32."""
    inference_memory: MemoryJson
    """Of an inference of as many in float32."""
    held: HeldJson
    """The spec's expectations."""
    placement: PlacementJson | None
    """Where it is computed; null where the spec does not say `parallel`."""


def as_json(facts: Facts) -> NetworkJson:
    """The facts as plain data."""
    graph = facts.graph
    return {
        "name": graph.name,
        "title": graph.title,
        "inputs": {name: list(tensor.shape) for name, tensor in graph.inputs.items()},
        "outputs": list(graph.outputs),
        "layers": [_layer(facts, node) for node in graph.nodes],
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
        "window": node.op.summary(),
        "size": window.arithmetic if window else None,
        "output": list(node.output.shape),
        "receptive_field": None if field is None else _receptive_field(field),
        **_counts(facts.counts.layers[node.name]),
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
