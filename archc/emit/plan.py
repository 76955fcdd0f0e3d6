"""The source plan: everything that is decided before a backend writes a line, the same for all backends.

Names that Python can use, the final softmax left to the loss, initialisation of weights, shapes in the target's order.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection
from dataclasses import dataclass

from archc.backend import Request
from archc.graph import Node
from archc.ops.initialisation import Fans, WeightInit
from archc.ops.weighted import Initialised, Weighted
from archc.tensor import Tensor


@dataclass(frozen=True)
class Step:
    """One layer: its identifier in source, and the identifiers and shapes of its inputs.

    `axis` is that of the channels in the sequences that it reads and gives, the batch included: 1 or 2.
    """

    identifier: str
    node: Node
    reads: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    axis: int = 1


@dataclass(frozen=True)
class Initialisation:
    """How a layer's weights and bias are initialised; `bias` is None if it has none.

    `may_have_bias` is False for an op that never has one. `shape` is that of the weights, in the canonical layout. With
    `is_part`, the file's layer is a part of this one.
    """

    identifier: str
    weights: WeightInit
    bias: float | None
    may_have_bias: bool
    fans: Fans
    shape: tuple[int, ...]
    is_part: bool = False


@dataclass(frozen=True)
class SourcePlan:
    """The layers to write, in order. `outputs` are identifiers; they are logits if `predicts_probabilities`."""

    class_name: str
    title: str
    image: str
    image_shape: Tensor
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    output_shapes: tuple[Tensor, ...]
    predicts_probabilities: bool
    is_chain: bool
    """Whether each step reads only the one before it, and only the last is an output."""
    initialisations: tuple[Initialisation, ...]
    parameters: int
    macs: int
    renamed: dict[str, str]
    """Layers whose names Python or the file cannot use, with their identifiers."""
    channels_last: bool

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


def plan(request: Request, reserved: Collection[str], *, channels_last: bool = False) -> SourcePlan:
    """The plan of a request; `reserved` are the names that the target cannot use for a layer."""
    graph = request.graph
    image = next(iter(graph.inputs))
    names = _identifiers([*graph.inputs, *(node.name for node in graph.nodes)], reserved)
    fused = graph.fused_softmax
    steps = tuple(
        Step(names[node.name], node, tuple(names[n] for n in node.inputs), graph.tensors(node.inputs))
        for node in graph.nodes
        if node is not fused
    )
    outputs = fused.inputs if fused is not None else graph.outputs
    return SourcePlan(
        class_name=_class_name(graph.name, reserved),
        title=graph.title,
        image=names[image],
        image_shape=graph.tensor(image),
        steps=steps,
        outputs=tuple(names[name] for name in outputs),
        output_shapes=graph.tensors(outputs),
        predicts_probabilities=fused is not None,
        is_chain=graph.is_chain and outputs == (steps[-1].node.name,),
        initialisations=tuple(_initialisation(step) for step in steps if isinstance(step.node.op, Initialised)),
        parameters=request.counts.parameters,
        macs=request.counts.macs,
        renamed={old: new for old, new in names.items() if old != new},
        channels_last=channels_last,
    )


def _class_name(name: str, reserved: Collection[str]) -> str:
    """`alex_net` -> `AlexNet`; `tensor` -> `TensorNet` if the file uses `Tensor` for something else."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    while camel in reserved or keyword.iskeyword(camel):
        camel += "Net"
    return camel


def _identifiers(names: list[str], reserved: Collection[str]) -> dict[str, str]:
    """Each name as an identifier: with underscores added until it is free."""
    taken = set(names)
    found: dict[str, str] = {}
    for name in names:
        identifier = name
        while identifier in reserved or keyword.iskeyword(identifier) or (identifier != name and identifier in taken):
            identifier += "_"
        taken.add(identifier)
        found[name] = identifier
    return found


def _initialisation(step: Step) -> Initialisation:
    op = step.node.op
    assert isinstance(op, Initialised)
    weight, *_ = op.parameters(step.inputs)
    bias = op.bias_init if isinstance(op, Weighted) and op.bias else None
    fans = Fans(weight.fan_in, weight.fan_out)
    return Initialisation(step.identifier, op.weight_init, bias, isinstance(op, Weighted), fans, weight.shape)
