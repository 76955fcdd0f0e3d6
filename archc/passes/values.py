"""The values in memory during a training step or an inference: their sizes, views, and what keeps them.

A value that several layers keep for their backward pass is in memory once. A view shares the memory of its source, so
both are the same `Value`; a view of a part is another one, since its gradient is another. A layer that gathers, pads or
converts its input before it computes is several operations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from archc.graph import Graph, Node
from archc.language.recipe import Precision
from archc.ops.op import Op
from archc.ops.properties import FLOAT32, INT64, Kept
from archc.ops.weighted import Weighted
from archc.passes.axes import turned_reads
from archc.passes.calls import called
from archc.tensor import Tensor

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
    """The memory of an operation's output or of an input: `size` bytes in total, `width` bytes per number.

    `learned` is whether the value depends on anything trained; if not, it has no gradient. `last` is the index of the
    last operation of the forward pass during which it is needed, or the number of operations for an input or output of
    the network. `keeper` is the first operation that keeps it: since the backward pass goes in reverse, the last one to
    need it. `is_held` is whether the caller has it until the end. `whole` is the value that it is a part of, if it is a
    view of one.
    """

    size: int
    width: int
    learned: bool
    last: int
    keeper: int | None = None
    is_held: bool = False
    whole: Value | None = None

    @property
    def memory(self) -> Value:
        """The value that has the memory of this one."""
        return self if self.whole is None else self.whole


@dataclass(slots=True)  # not frozen: a frozen dataclass takes twice as long to make
class Operation:
    """What a layer computes, or what it does to its input first: the values that it reads and makes.

    `trained` and `statistics` count parameters; the integers from `own` on are bytes. `own` is kept for the backward
    pass besides values: masks, indices. `copies` are copies of the weights in the narrow precision, kept as long.
    `forward` and `backward` are used briefly in that pass, `after` in the backward pass when the gradient of the output
    is freed. `narrow` are the gradients of the weights before they become float32. `frees` are the values that are
    freed after it in the forward pass.
    """

    layer: str
    index: int
    reads: tuple[Value, ...]
    output: Value
    passes_gradient: Literal["same", "first", "view"] | None = None
    trained: int = 0
    statistics: int = 0
    own: int = 0
    copies: int = 0
    forward: int = 0
    backward: int = 0
    after: int = 0
    narrow: int = 0
    frees: list[Value] = field(default_factory=list[Value])

    @property
    def is_view(self) -> bool:
        """Whether the output shares the memory of an input."""
        return self.output in self.reads

    @property
    def kept_values(self) -> list[Value]:
        """The values that this operation is the first to keep."""
        values = dict.fromkeys([value.memory for value in (*self.reads, self.output)])
        return [value for value in values if value.keeper == self.index]

    @property
    def kept(self) -> int:
        """The bytes that this operation is the first to keep, which its backward pass frees."""
        return self.own + self.copies + sum([value.size for value in self.kept_values])


def lay_out(run: Run) -> tuple[list[Value], list[Operation]]:
    """The values of a run: those of the batch, and the operations in the order of the graph."""
    graph = run.graph
    values = {
        name: Value(run.batch * tensor.size * width, width, learned=False, last=0, is_held=True)
        for name, tensor in graph.inputs.items()
        for width in [INT64 if tensor.is_tokens else FLOAT32]
    }
    inputs, operations = list(values.values()), list[Operation]()
    turns = _gradients_to_turn(graph) if run.training else set[str]()
    turned = turned_reads(graph)
    for node in graph.nodes:
        layer = _Layer(run, node, values, operations, turns=node.name in turns, is_turned=node.name in turned)
        values[node.name] = layer.lay_out()
    last = {operation.layer: operation.index for operation in operations}
    for reads, layers in called(graph):
        end = max([last[layer] for layer in layers])
        for name in reads:  # the caller has what it gives to the call until that returns
            values[name].memory.last = max(values[name].memory.last, end)
    for name in (*graph.inputs, *graph.outputs):
        values[name].last = values[name].memory.last = len(operations)
    for name in graph.outputs:
        # What a loss has computed from the scores is the loss's own: no caller has it.
        values[name].memory.is_held = graph.fused is None or not run.training
    for value in dict.fromkeys([*inputs, *[operation.output.memory for operation in operations]]):
        if value.keeper is None and value.last < len(operations):
            operations[value.last].frees.append(value)
    return [*inputs, *_targets(run, last=len(operations))], operations


def _targets(run: Run, *, last: int) -> Iterator[Value]:
    """What a training step compares the output with, which the caller has as long as the batch."""
    if run.training and len(run.graph.outputs) == 1:
        output = run.graph.tensor(run.graph.outputs[0])
        classes = run.graph.loss == "cross_entropy"  # one at each place, by its number
        count, width = (output.size // output.channels, INT64) if classes else (output.size, FLOAT32)
        yield Value(run.batch * count * width, width, learned=False, last=last, is_held=True)


def _gradients_to_turn(graph: Graph) -> set[str]:
    """The layers whose gradient does not have the channels first in memory, whatever the order of their output.

    A convolution gives the channels last; layers that compute each value by itself, and sums, pass that on. The
    gradient of an input of a concatenation is a part of a larger one.
    """
    found: set[str] = set()
    for node in reversed(graph.nodes):
        for reader in graph.readers[node.name]:
            is_part = reader.op.passes_gradient == "view" and len(reader.inputs) > 1
            passes_on = reader.op.keeps_shape or reader.op.passes_gradient
            if (
                is_part
                or (isinstance(reader.op, Weighted) and node.output.is_maps)
                or (passes_on and reader.name in found)
            ):
                found.add(node.name)
    return found


class _Layer:
    """Appends the operations of one node, after all of its inputs.

    `turns`: its gradient must be turned. `is_turned`: it reads a sequence that is in memory in another order.
    """

    def __init__(
        self,
        run: Run,
        node: Node,
        values: Mapping[str, Value],
        operations: list[Operation],
        *,
        turns: bool,
        is_turned: bool,
    ) -> None:
        self._run, self._node, self._operations, self._turns, self._is_turned = run, node, operations, turns, is_turned
        self._inputs: tuple[Tensor, ...] = run.graph.tensors(node.inputs)
        self._numbers = node.op.numbers(self._inputs)
        self._whole = Share(node.output.size, sum([x.size for x in self._inputs]), self._numbers.trained)
        self._share = run.shares[node.name] if run.shares else self._whole
        self._reads: tuple[Value, ...] = tuple([values[name] for name in node.inputs])
        # How many numbers it reads: of a view, which shares the memory of a larger value, only its own.
        self._count = run.batch * self._share.reads

    def lay_out(self) -> Value:
        """The layer's output. Updates `last` and `keeper` of the values that it touches."""
        op = self._node.op
        if self._gathers():
            self._prepare(self._run.batch * self._share.reads)
        given = self._reads if op.folds else ()
        if op.folds:
            others = zip(self._inputs[2:], self._reads[2:], strict=True)
            self._inputs, self._reads = self._inputs[:2], self._reads[:2]
            for x, value in others:
                output = op.infer(self._inputs)
                made = self._compute(output)
                self._inputs, self._reads = (output, x), (made, value)
        made = self._compute(self._node.output)
        for value in given:  # also the first two are in memory until the last one is read
            value.last = value.memory.last = len(self._operations) - 1
        return made

    def _compute(self, output: Tensor) -> Value:
        """What the op makes of what it reads now."""
        op, run, share = self._node.op, self._run, self._share
        if padded := op.padded(self._inputs):
            self._prepare(run.batch * (padded * share.reads // self._whole.reads))
        # Tokens are wider, but what is computed from them is float32.
        before, read_width = self._reads, min(max([value.width for value in self._reads]), FLOAT32)
        is_fused = run.training and self._node is run.graph.fused
        autocast = "wide" if is_fused else op.autocast  # a loss is computed in float32
        width = {"narrow": WIDTH[run.precision], "wide": FLOAT32, None: read_width}[autocast]
        is_view = op.is_view(self._inputs, training=run.training) and (op.keeps_layout or not self._is_turned)
        kept = Kept() if is_view else op.kept(self._inputs, output)
        kept_width = FLOAT32 if kept.wide else width
        if kept.inputs and (kept.turned or kept_width != read_width):
            self._prepare(self._count, kept_width)
        if self._is_turned and op.copies_turned:
            self._prepare(self._count)
        index, learned = len(self._operations), share.parameters > 0 or any(value.learned for value in self._reads)
        for value in (*before, *self._reads):  # a layer that converts its input has both forms until it is done
            value.last = value.memory.last = index
        made = self._reads[0] if is_view else None
        if made is None or op.views_part or op.passes_gradient == "view":
            numbers = share.outputs * (op.uncut(self._inputs) or output.size) // self._node.output.size
            made = Value(run.batch * numbers * width, width, learned, last=index, whole=made and made.memory)
        operation = self._operation(op, index, made, output, narrow_inputs=read_width < FLOAT32)
        self._operations.append(operation)
        if is_fused and run.graph.loss == "binary_cross_entropy":
            operation.forward += made.size  # the losses, beside the logarithms
        if op.autocast == "narrow" and width < FLOAT32:
            operation.copies = width * self._numbers.weights * share.parameters // max(self._whole.parameters, 1)
            operation.narrow = width * share.parameters
        kept_bytes = (kept.own + width * kept.between, kept.once + width * kept.common)
        own, once = (size * share.outputs // self._whole.outputs for size in kept_bytes)
        if run.training and learned:
            operation.own = run.batch * own + once
            if not kept.weights and not any(value.learned for value in self._reads):
                operation.forward += operation.copies
                operation.copies = 0
            self._keep((*self._kept_reads(kept), *([made] if kept.output else [])), index)
        else:  # not kept, but in memory while the layer runs
            operation.forward += run.batch * own + operation.copies
            operation.copies = 0
        return self._cut(made) if op.uncut(self._inputs) else made

    def _cut(self, whole: Value) -> Value:
        """The part of what it has computed that is its output, which is a copy."""
        index = len(self._operations)
        for value in (*self._reads, whole):
            value.last = value.memory.last = index
        made = Value(self._run.batch * self._share.outputs * whole.width, whole.width, whole.learned, last=index)
        self._operations.append(Operation(self._node.name, index, (whole,), made))
        return made

    def _keep(self, values: tuple[Value, ...], index: int) -> None:
        for value in [each.memory for each in values]:
            value.keeper = index if value.keeper is None else value.keeper

    def _kept_reads(self, kept: Kept) -> list[Value]:
        """The inputs that are kept: crosswise, those beside another one that has a gradient."""
        reads = self._reads
        if not kept.inputs:
            return []
        others = (reads[:at] + reads[at + 1 :] for at in range(len(reads)))
        return [
            value
            for value, beside in zip(reads, others, strict=True)
            if not kept.crosswise or any(other.learned for other in beside)
        ]

    def _operation(self, op: Op, index: int, made: Value, output: Tensor, *, narrow_inputs: bool) -> Operation:
        share, whole = self._share, self._whole
        scratch = op.scratch(self._inputs, output, narrow=narrow_inputs)
        backward = scratch.backward + (scratch.turned if self._turns else 0)
        if not any(value.learned for value in self._reads):
            backward += scratch.unread
        forward, backward, after = (
            self._run.batch * (used * share.outputs // whole.outputs)
            for used in (scratch.forward, backward, scratch.after)
        )
        return Operation(
            self._node.name,
            index,
            self._reads,
            made,
            passes_gradient=op.passes_gradient if len(self._reads) == len(self._inputs) else None,
            trained=share.parameters,
            statistics=self._numbers.statistics * share.outputs // whole.outputs,
            forward=forward,
            backward=backward,
            after=after,
        )

    def _gathers(self) -> bool:
        """Whether the layer reads values that other devices send."""
        own = sum([value.size // value.width for value in self._reads])
        return self._run.shares is not None and self._run.batch * self._share.reads > own

    def _prepare(self, numbers: int, width: int | None = None) -> None:
        """Read a copy of so many numbers instead: gathered, padded, or converted to a width."""
        index, reads = len(self._operations), self._reads
        width = width or max([value.width for value in reads])
        copy = Value(numbers * width, width, any(value.learned for value in reads), last=index)
        self._operations.append(Operation(self._node.name, index, reads, copy))
        for value in reads:
            value.last = value.memory.last = index
        self._reads, self._count = (copy,), numbers
