"""One rank's part of a network that is split by maps: narrower layers, and gathers before layers that read all maps.

What is gathered follows from the placement, which maps each rank has, and from each op, which maps it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archc.backend import Unsupported, every
from archc.emit.parts import flat
from archc.emit.plan import SourcePlan, Step
from archc.emit.syntax import Unless, call
from archc.graph import Node
from archc.ops.shape_error import ShapeError
from archc.ops.weighted import Weighted
from archc.passes.holding import Layout, part
from archc.passes.placement import Placement
from archc.tensor import Tensor
from archc_torch.layers import TorchLayer, comment, layers_of
from archc_torch.order import Transposed

_SUPPORTED = "`--parallel columns` supports only gathers of whole tensors"


@dataclass(frozen=True)
class Column:
    """What each of `ranks` ranks computes, and how many values per example it receives between its layers."""

    planned: SourcePlan
    layers: Mapping[str, TorchLayer]
    ranks: int
    received: int


def column(planned: SourcePlan, placement: Placement) -> Column:
    """A rank's part of a plan; raises Unsupported for all layers that need more than gathers.

    A halo is not a gather: gathering whole maps instead would cost many times what `archc plan` shows.
    """
    splitting = _Splitting(planned, placement)
    every(planned.steps, splitting.write)
    outputs = tuple(map(splitting.collect, planned.outputs, planned.output_shapes))
    own = replace(
        planned.with_steps(splitting.steps, outputs),
        initialisations=tuple(replace(each, is_part=True) for each in planned.initialisations),
        parameters=sum(share.parameters for share in placement.shares.values()),
    )
    received = round(sum(exchange.received for exchange in placement.exchanges))
    return Column(own, layers_of(own, splitting.gathers), placement.devices, received)


class _Splitting:
    """Goes through the steps in order and remembers what is gathered: a later reader does not gather it again."""

    def __init__(self, planned: SourcePlan, placement: Placement) -> None:
        self.steps: list[Step] = []
        self.gathers: dict[str, TorchLayer] = {}
        self._planned = planned
        self._layouts = dict(placement.layouts)
        self._ranks = placement.devices
        self._made = {step.identifier: step for step in planned.steps}
        self._readers: dict[str, list[str]] = {}
        for step in planned.steps:
            for value in step.reads:
                self._readers.setdefault(value, []).append(step.node.name)

    def write(self, step: Step) -> None:
        """Add the gathers that a step needs, followed by the step as one rank computes it."""
        reads: list[str] = []
        inputs: list[Tensor] = []
        if isinstance(step.node.op, Transposed):  # it is where its input is
            self._layouts[step.node.name] = "split" if self._is_split(step.reads[0]) else "whole"
        is_split = self._layouts[step.node.name] == "split"
        for value, x, lacks in zip(step.reads, step.inputs, self._lacks(step), strict=True):
            reads.append(self._gather(value, x, summed=is_split) if lacks else value)
            inputs.append(self._part(x) if self._is_split(value) and not lacks else x)
        node = self._own(step.node, tuple(inputs)) if is_split else step.node
        self.steps.append(replace(step, node=node, reads=tuple(reads), inputs=tuple(inputs)))

    def collect(self, value: str, output: Tensor) -> str:
        """An output, gathered on all ranks, since each computes the whole loss."""
        return self._gather(value, output, summed=False) if self._is_split(value) else value

    def _is_split(self, value: str) -> bool:
        return value in self._made and self._layouts[self._made[value].node.name] == "split"

    def _lacks(self, step: Step) -> list[bool]:
        """Whether a rank must gather each of its inputs; raises Unsupported if a gather is not enough."""
        node, ranks = step.node, range(self._ranks)
        if refusal := _common_refusal(step):
            raise Unsupported(node.name, refusal)
        splits = [self._is_split(value) for value in step.reads]
        if self._layouts[node.name] != "split":
            if refusal := _whole_refusal(step, self._layouts[node.name]):
                raise Unsupported(node.name, refusal)
            return splits  # a final softmax runs on all scores
        reads = [node.op.reads(part(node.output.channels, r, self._ranks), step.inputs, node.output) for r in ranks]
        lacks: list[bool] = []
        for is_split, x, maps in zip(splits, step.inputs, zip(*reads, strict=True), strict=True):
            is_own = is_split and maps == tuple(part(x.channels, rank, self._ranks) for rank in ranks)
            if not is_own and set(maps) != {range(x.channels)}:
                raise Unsupported(node.name, _refusal(node, self._ranks) if is_split else _cut_refusal(node))
            lacks.append(is_split and not is_own)
        return lacks

    def _own(self, node: Node, inputs: tuple[Tensor, ...]) -> Node:
        """The layer as a rank computes it, for its own maps."""
        if isinstance(node.op, Weighted) and node.op.weight_init.kind == "orthogonal":
            raise Unsupported(node.name, f"{node.name}'s orthogonal weights cannot be drawn in parts, one on each rank")
        op, output = node.op.split(self._ranks), self._part(node.output)
        try:
            made = op.infer(inputs)
        except ShapeError:
            made = None
        if made != output:
            raise Unsupported(node.name, f"{node.name} cannot be computed in parts, one on each rank")
        return replace(node, op=op, output=output)

    def _gather(self, value: str, x: Tensor, *, summed: bool) -> str:
        """The name of a value that all ranks gather; adds the layer that gathers it, unless there is one already."""
        word = "all" if summed else "out"
        name = self._planned.free(f"{value}_{word}")
        if name in self.gathers:
            return name
        part = self._part(x)
        # A sequence may have its channels last.
        dim = self._made[value].axis if x.is_sequence else 1
        module = call("Gather", self._ranks, summed=Unless(True, summed), dim=Unless(1, dim))
        whose = "both" if self._ranks == 2 else f"all {self._ranks}"
        here, there = (comment(self._planned, self._made[value], each) for each in (part, x))
        text = f"{here} here -> {there}, from {whose}"
        step = Step(name, self._made[value].node, (value,), (part,), path=self._place(value, name, word))
        self.steps.append(step)
        self.gathers[name] = TorchLayer(step, {name: module}, text)
        return name

    def _place(self, value: str, name: str, word: str) -> str:
        """Where a gather belongs: in the block that contains all readers of the value, so that all share it."""
        block = self._planned.block_of(self._readers.get(value, ()))
        if not block:
            return name
        made = self._made[value].node.name
        own = flat(made[len(block) + 1 :]) if made.startswith(f"{block}.") else "input"
        return f"{block}.{own}_{word}"

    def _part(self, x: Tensor) -> Tensor:
        return Tensor((x.channels // self._ranks, *x.shape[1:]))


def _whole_refusal(step: Step, layout: Layout) -> str | None:
    """Why a layer that is not split cannot run on every rank; None if it can."""
    node = step.node
    if layout == "batch":
        return f"{node.name} is computed for a part of the examples; `columns` needs a part of the maps"
    if node.op.parameters(step.inputs):
        return f"{node.name} is replicated; `columns` splits every layer that has weights"
    if node.op.drop_rate:
        return f"every rank has the whole input of {node.name} and would drop other values of it"
    return None


def _common_refusal(step: Step) -> str | None:
    """Why a layer cannot be computed by ranks that each have other maps; None if it can."""
    if step.node.op.has_common_parameters:
        return f"{step.node.name} learns one parameter for all maps; `columns` splits every layer that has weights"
    if step.node.op.differs_by_map:
        return f"{step.node.name} computes each map by its number, and each rank would begin at the first one"
    rows = {parameter.shape[0] for parameter in step.node.op.parameters(step.inputs)}
    if step.node.op.weight_axis or rows - {step.node.output.channels}:
        return f"{step.node.name} has weights with no row for each channel of its output; `columns` splits rows"
    if step.node.op.drops_examples and step.node.op.drop_rate:
        return f"{step.node.name} drops whole examples, and each rank would drop other ones"
    return None


def _cut_refusal(node: Node) -> str:
    return f"{node.name} reads a part of a value that every rank has whole; `columns` does not cut it"


def _refusal(node: Node, ranks: int) -> str:
    """Why a rank's own maps are not enough, and all maps would be too many."""
    reach = node.op.reach()
    if reach.has_neighbours:
        return f"{node.name} needs a halo (neighbouring maps of other ranks); {_SUPPORTED}"
    if reach.groups:
        return f"{node.name}'s {reach.groups} groups do not split over {ranks} ranks"
    return f"{node.name} needs maps moved between ranks; {_SUPPORTED}"
