"""The values in memory during a training step or an inference: their sizes, views, and the layers that keep them.

A value that several layers keep for their backward pass is in memory once. A view shares the memory of its source, so
both are the same `Value`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.language.spec import Precision
from archc.ops.op import FLOAT32, Kept

WIDTH: dict[Precision, int] = {"float32": FLOAT32, "bfloat16": 2}
"""Bytes of one number of a value. Weights and their gradients are float32 in every precision."""


class Share(NamedTuple):
    """One device's part of a layer: the values that it makes and reads for one example, and its trained parameters.

    `reads` includes values that other devices send.
    """

    outputs: int
    reads: int
    parameters: int


class Run(NamedTuple):
    """A training step or an inference on a batch, on one device; `shares` are its parts of the layers, None for all."""

    graph: Graph
    batch: int
    precision: Precision
    training: bool
    shares: Mapping[str, Share] | None


@dataclass(slots=True, eq=False)
class Value:
    """The memory of a layer's output or of an input: `size` bytes in total, `width` bytes per number.

    `learned` is whether the value depends on anything trained; if not, it has no gradient. `last` is the index of the
    last layer that reads it in the forward pass, or the number of layers for a value that the caller has until the end.
    `keeper` is the first layer that keeps it: since the backward pass goes in reverse, the last one to need it.
    """

    size: int
    width: int
    learned: bool
    last: int
    keeper: int | None = None
    is_input: bool = False


@dataclass(slots=True)  # not frozen: a frozen dataclass takes twice as long to make
class LayerValues:
    """The values that a layer reads and makes, and the bytes that it needs besides.

    `trained` and `statistics` count parameters; the other integers below `index` are bytes. `own` is kept for the
    backward pass besides values: masks, indices, copies of inputs. `copies` are copies of the weights in the narrow
    precision, kept as long. `forward` and `backward` are used briefly in that pass. `narrow` are the gradients of the
    weights before they become float32.
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
        """Whether the output shares the memory of an input."""
        return self.output in self.reads

    @property
    def kept(self) -> int:
        """The bytes that this layer is the first to keep, which its backward pass frees."""
        values = {*self.reads, self.output}
        return self.own + self.copies + sum([value.size for value in values if value.keeper == self.index])


def lay_out(run: Run) -> tuple[list[Value], list[LayerValues]]:
    """The values of a run: those of the network's inputs, and the layers in the order of the graph."""
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
    """The layer of a node, after all of its inputs. Updates `last` and `keeper` of the values that it touches."""
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
    # Inputs that were gathered from several devices or converted to another precision belong to this layer alone.
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
    """Whether the layer reads values that other devices send."""
    if run.shares is None:
        return False
    return run.batch * share.reads > sum(values[name].size // values[name].width for name in node.inputs)


def _keep(index: int, values: Iterable[Value]) -> None:
    for value in values:
        if value.keeper is None:
            value.keeper = index
