"""The source plan: everything that is decided before a backend writes a line, the same for all backends.

Names that Python can use, the final softmax left to the loss, initialisation of weights, shapes in the target's order.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from archc.backend import Request
from archc.emit.identifiers import camel, identifiers
from archc.emit.parts import Names, Part, flat, key, local_names, tree
from archc.emit.step import Step
from archc.graph import Scope
from archc.ops.initialisation import Fans, WeightInit
from archc.ops.properties import Loss
from archc.ops.weighted import Initialised, Weighted
from archc.passes.calls import chains
from archc.tensor import Tensor

__all__ = ["Initialisation", "SourcePlan", "Step", "plan"]


@dataclass(frozen=True)
class Initialisation:
    """How a layer's weights and bias are initialised; `bias` is None if it has none.

    A layer with several weights has one of these for each: `weight` is the parameter's name. `may_have_bias` is False
    for an op that never has one. `shape` is that of the weights, in the canonical layout. With `is_part`, the file's
    layer is a part of this one.
    """

    identifier: str
    weights: WeightInit
    bias: float | None
    may_have_bias: bool
    fans: Fans
    shape: tuple[int, ...]
    weight: str = "weight"
    is_part: bool = False

    @property
    def place(self) -> str:
        """The part of the layer that has the weight and its bias: `qkv` of `qkv.weight`, else empty."""
        return self.weight.rpartition(".")[0]


@dataclass(frozen=True)
class SourcePlan:
    """The layers to write, in order. `outputs` are identifiers; they are logits if `predicts_probabilities`."""

    class_name: str
    title: str
    image: str
    image_shape: Tensor
    inputs: Mapping[str, Tensor]
    """All inputs by identifier, the image the first of them."""
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    output_shapes: tuple[Tensor, ...]
    predicts_probabilities: bool
    loss: Loss
    is_chain: bool
    """Whether each step reads only the one before it, and only the last is an output."""
    initialisations: tuple[Initialisation, ...]
    parameters: int
    macs: int
    renamed: dict[str, str]
    """Layers whose names Python or the file cannot use, with their identifiers."""
    channels_last: bool
    scopes: Mapping[str, Scope]
    reserved: Collection[str]
    local_reserved: Collection[str]
    names: Mapping[str, str]
    """The identifiers of all inputs and layers."""
    root: Part
    """The same layers as a tree of blocks and stages."""
    chained: Mapping[str, str]
    """The layers that a block applies in one expression with the layer before them, by name, and that layer's name."""

    @property
    def has_blocks(self) -> bool:
        """Whether the network has parts, blocks or stages, or is a list."""
        return any(isinstance(item, Part) or key(item).isdigit() for item in self.root.items)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths of all layers."""
        return frozenset(step.place for step in self.steps)

    def with_steps(self, steps: Sequence[Step], outputs: tuple[str, ...]) -> SourcePlan:
        """The plan with other steps, and a tree of them."""
        root = tree(steps, self.scopes, self.names, outputs, self.inputs)
        return replace(self, steps=tuple(steps), outputs=outputs, root=root)

    def block_of(self, paths: Iterable[str]) -> str:
        """The path of the innermost block that contains all of these layers; empty for the network."""
        each = [path.split(".")[:-1] for path in paths] or [[]]
        common: list[str] = []
        for names in zip(*each, strict=False):
            if len(set(names)) > 1:
                break
            common.append(names[0])
        while common and self.scopes[".".join(common)].block is None:
            common.pop()
        return ".".join(common)

    def local(self, part: Part) -> Names:
        """The names in the source of the network or of a block."""
        reserved = {*self.reserved, *self.local_reserved}
        if part.scope is not None:
            return local_names(part, reserved)
        if self.has_blocks:
            return local_names(part, reserved, self.inputs)
        values = {identifier: identifier for identifier in (*self.inputs, *(step.identifier for step in self.steps))}
        return Names(values, {step.place: step.identifier for step in self.steps})

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """A tensor's shape in the target's order: (C, H, W), or (H, W, C) with channels last."""
        return (*tensor.shape[1:], tensor.channels) if self.channels_last else tensor.shape

    def comment(self, tensor: Tensor) -> str:
        """`96 x 55 x 55`."""
        return " x ".join(map(str, self.shape(tensor)))

    def batch(self, tensor: Tensor) -> str:
        """`(N, 96, 55, 55)`."""
        return f"(N, {', '.join(map(str, self.shape(tensor)))})"

    def free(self, identifier: str) -> str:
        """The identifier, with underscores added until no layer has it."""
        taken = {self.image, *(step.identifier for step in self.steps)}
        while identifier in taken:
            identifier += "_"
        return identifier


def plan(
    request: Request,
    reserved: Collection[str],
    *,
    channels_last: bool = False,
    local_reserved: Collection[str] = (),
) -> SourcePlan:
    """The plan of a request; `reserved` are the names that the target cannot use for a layer.

    `local_reserved` are those that it cannot use either in a network with blocks.
    """
    graph = request.graph
    image = next(iter(graph.inputs))
    paths = [*graph.inputs, *(node.name for node in graph.nodes)]
    names = dict(zip(paths, identifiers([flat(path) for path in paths], reserved), strict=True))
    fused = graph.fused
    steps = tuple(
        Step(names[node.name], node, tuple(names[n] for n in node.inputs), graph.tensors(node.inputs))
        for node in graph.nodes
        if node is not fused
    )
    outputs = fused.inputs if fused is not None else graph.outputs
    inputs = {names[name]: tensor for name, tensor in graph.inputs.items()}
    given = tuple(names[name] for name in outputs)
    return SourcePlan(
        class_name=_class_name(graph.name, reserved),
        title=graph.title,
        image=names[image],
        image_shape=graph.tensor(image),
        inputs=inputs,
        steps=steps,
        outputs=given,
        output_shapes=graph.tensors(outputs),
        predicts_probabilities=fused is not None,
        loss=graph.loss,
        is_chain=graph.is_chain and outputs == (steps[-1].node.name,),
        initialisations=tuple(each for step in steps for each in _initialisations(step)),
        parameters=request.counts.parameters,
        macs=request.counts.macs,
        renamed={old: new for old, new in names.items() if old != new},
        channels_last=channels_last,
        scopes=graph.scopes,
        reserved=reserved,
        local_reserved=local_reserved,
        names=names,
        root=tree(steps, graph.scopes, names, given, inputs),
        chained={after: before for chain in chains(graph) for before, after in pairwise(chain)},
    )


def _class_name(name: str, reserved: Collection[str]) -> str:
    """`alex_net` -> `AlexNet`; `tensor` -> `TensorNet` if the file uses `Tensor` for something else."""
    found = camel(name)
    while found in reserved or keyword.iskeyword(found):
        found += "Net"
    return found


def _initialisations(step: Step) -> Iterator[Initialisation]:
    """The initialisation of each weight of a layer, with the bias beside it."""
    op = step.node.op
    if not isinstance(op, Initialised):
        return
    for weight in op.drawn(step.inputs):
        kind = weight.name.rpartition(".")[2]
        may_have_bias = isinstance(op, Weighted) and kind == "weight"
        yield Initialisation(
            step.identifier,
            op.init_of(weight),
            op.bias_init if isinstance(op, Weighted) and op.bias and may_have_bias else None,
            may_have_bias,
            Fans(weight.fan_in, weight.fan_out),
            weight.shape,
            weight.name,
        )
