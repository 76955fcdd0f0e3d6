"""Which values a step or an inference holds: the bytes of each, what is a view of what, and which layers keep it.

A value that several layers keep for their backward pass is there once; a view is the value that it looks at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.language.spec import Precision
from archc.ops.op import FLOAT32, Kept

WIDTH: dict[Precision, int] = {"float32": FLOAT32, "bfloat16": 2}
"""Bytes of a value; weights and their gradients are float32 in any precision."""


class Share(NamedTuple):
    """What one device holds of a layer: for one example, values of its output and values that it reads, gathered ones
    included; and its trained parameters."""

    outputs: int
    reads: int
    parameters: int


class Run(NamedTuple):
    """What is run: a step of training, or an inference, on a batch, by one device with its `shares` of the layers."""

    graph: Graph
    batch: int
    precision: Precision
    training: bool
    shares: Mapping[str, Share] | None


@dataclass(slots=True, eq=False)
class Value:
    """The memory of a layer's output, or of an input: `size` bytes, `width` of them a number.

    Where nothing trained has a part in it, it is not `learned` and has no gradient. `last` is the last layer that
    reads it forward, beyond all layers for what the caller holds; `keeper`, the first that keeps it, whose backward
    pass is the last to need it.
    """

    size: int
    width: int
    learned: bool
    last: int
    keeper: int | None = None
    is_input: bool = False


@dataclass(slots=True)  # frozen, it would take twice as long to make
class LayerValues:
    """What a layer reads and makes; its trained parameters and statistics; and bytes.

    `own` it keeps beside values for its backward pass: masks, indices, copies. `copies`, of its weights in the narrow
    precision, stay as long. `forward` and `backward` it takes for a moment beside values and gradients; `narrow`, for
    the gradients of its weights before they are made float32.
    """

    name: str
    index: int
    reads: tuple[Value, ...]
    output: Value
    trained: int
    statistics: int
    own: int
    copies: int
    forward: int
    backward: int
    narrow: int

    @property
    def is_view(self) -> bool:
        return self.output in self.reads

    @property
    def kept(self) -> int:
        """What it keeps and no layer before it: of all that is kept, what its backward pass frees."""
        values = {*self.reads, self.output}
        return self.own + self.copies + sum([value.size for value in values if value.keeper == self.index])


def lay_out(run: Run) -> tuple[list[Value], list[LayerValues]]:
    """The inputs, and the layers in the graph's order."""
    graph = run.graph
    values = {
        name: Value(run.batch * tensor.size * FLOAT32, FLOAT32, learned=False, last=0, is_input=True)
        for name, tensor in graph.inputs.items()
    }
    inputs, layers = list(values.values()), list[LayerValues]()
    for index, node in enumerate(graph.nodes):
        layer = _lay_out(run, index, node, values)
        values[node.name] = layer.output
        layers.append(layer)
    for name in (*graph.inputs, *graph.outputs):
        values[name].last = len(layers)
    return inputs, layers


def _lay_out(run: Run, index: int, node: Node, values: Mapping[str, Value]) -> LayerValues:
    """The layer of a node whose inputs are laid out; what it reads and keeps is noted at the values."""
    op, inputs = node.op, run.graph.tensors(node.inputs)
    numbers = op.numbers(inputs)
    whole = Share(node.output.size, sum([x.size for x in inputs]), numbers.trained)
    share = run.shares[node.name] if run.shares else whole
    reads = tuple(dict.fromkeys([values[name] for name in node.inputs]))
    read_width, learned = 0, share.parameters > 0
    for value in reads:
        value.last = index
        read_width = max(read_width, value.width)
        learned = learned or value.learned
    width = {"narrow": WIDTH[run.precision], "wide": FLOAT32, None: read_width}[op.autocast]
    is_view = op.is_view(inputs, training=run.training)
    made = reads[0] if is_view else Value(run.batch * share.outputs * width, width, learned, last=index)

    kept = Kept() if is_view else op.kept(inputs, node.output)
    kept_width = FLOAT32 if kept.wide else width
    gathered = run.batch * share.reads * read_width if _gathers(run, node, share, values) else 0
    # Not as other layers have its inputs: put together from several devices, or in another precision.
    is_copied = kept.inputs and (gathered > 0 or kept_width != read_width)
    copied = kept.copied * share.reads // whole.reads * width + share.reads * is_copied * kept_width
    own = run.batch * (kept.own * share.outputs // whole.outputs + copied)
    copies = narrow = 0
    if op.autocast == "narrow" and width < FLOAT32:
        copies = width * numbers.weights * share.parameters // max(whole.parameters, 1)
        narrow = width * share.parameters
    keeps = run.training and learned
    if keeps:
        _keep(index, (*(reads if kept.inputs and not is_copied else ()), *([made] if kept.output else [])))

    scratch = op.scratch(inputs, node.output, narrow=read_width < FLOAT32)
    forward, backward = (run.batch * (b * share.outputs // whole.outputs) for b in (scratch.forward, scratch.backward))
    return LayerValues(
        node.name,
        index,
        reads,
        made,
        trained=share.parameters,
        statistics=numbers.statistics * share.outputs // whole.outputs,
        own=own if keeps else 0,
        copies=copies if keeps else 0,
        forward=forward + (0 if is_copied else gathered) + (0 if keeps else own + copies),
        backward=backward + gathered,
        narrow=narrow,
    )


def _gathers(run: Run, node: Node, share: Share, values: Mapping[str, Value]) -> bool:
    """Whether the layer reads more than the device has."""
    if run.shares is None:
        return False
    return run.batch * share.reads > sum(values[name].size // values[name].width for name in node.inputs)


def _keep(index: int, values: Iterable[Value]) -> None:
    for value in values:
        if value.keeper is None:
            value.keeper = index
