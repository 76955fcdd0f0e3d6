"""The source plan: what every backend needs to know before it writes a line.

Names that the language can use, the last softmax fused into the loss, how weights begin, shapes as the target has them.
"""

from __future__ import annotations

import keyword
from collections.abc import Collection
from dataclasses import dataclass

from archc.graph import Graph, Node
from archc.language.spec import Recipe
from archc.ops.fields import WeightInit
from archc.ops.softmax import Softmax
from archc.ops.weighted import Weighted
from archc.passes.counts import count
from archc.tensor import Tensor


@dataclass(frozen=True)
class Step:
    """One layer: its identifier in source, and the identifiers and values that it reads."""

    identifier: str
    node: Node
    reads: tuple[str, ...]
    inputs: tuple[Tensor, ...]


@dataclass(frozen=True)
class Initialisation:
    """How a layer's weights and bias begin; `bias` is None where it has none."""

    identifier: str
    weights: WeightInit
    bias: float | None


@dataclass(frozen=True)
class SourcePlan:
    """The layers to write, in order. `outputs` are identifiers: logits where `predicts_probabilities`."""

    class_name: str
    title: str
    image: str
    image_shape: Tensor
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    output_shapes: tuple[Tensor, ...]
    predicts_probabilities: bool
    is_chain: bool
    """Each step reads only the one before it, and only the last is an output."""
    initialisations: tuple[Initialisation, ...]
    parameters: int
    macs: int
    renamed: dict[str, str]
    """Layers whose names the language cannot use, with their identifiers."""
    channels_last: bool

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """A tensor's shape in the target: (C, H, W), or (H, W, C) with channels last."""
        return (*tensor.shape[1:], tensor.channels) if self.channels_last else tensor.shape

    def comment(self, tensor: Tensor) -> str:
        """`96 x 55 x 55`."""
        return " x ".join(map(str, self.shape(tensor)))

    def batch(self, tensor: Tensor) -> str:
        """`(N, 96, 55, 55)`."""
        return f"(N, {', '.join(map(str, self.shape(tensor)))})"

    def free(self, identifier: str) -> str:
        """The identifier, with underscores added until no layer is called so."""
        taken = {self.image, *(step.identifier for step in self.steps)}
        while identifier in taken:
            identifier += "_"
        return identifier


def plan(graph: Graph, recipe: Recipe, reserved: Collection[str], *, channels_last: bool = False) -> SourcePlan:
    """The plan of a graph; `reserved` are the names that the target cannot use for a layer."""
    image = next(iter(graph.inputs))
    names = _identifiers([*graph.inputs, *(node.name for node in graph.nodes)], reserved)
    fused = _fused_softmax(graph, recipe)
    steps = tuple(
        Step(names[node.name], node, tuple(names[n] for n in node.inputs), graph.tensors(node.inputs))
        for node in graph.nodes
        if node is not fused
    )
    outputs = fused.inputs if fused is not None else graph.outputs
    counts = count(graph)
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
        initialisations=tuple(_initialisation(step) for step in steps if isinstance(step.node.op, Weighted)),
        parameters=counts.parameters,
        macs=counts.macs,
        renamed={old: new for old, new in names.items() if old != new},
        channels_last=channels_last,
    )


def _class_name(name: str, reserved: Collection[str]) -> str:
    """`alex_net` -> `AlexNet`; `tensor` -> `TensorNet` where the file needs `Tensor` for something else."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    while camel in reserved or keyword.iskeyword(camel):
        camel += "Net"
    return camel


def _fused_softmax(graph: Graph, recipe: Recipe) -> Node | None:
    """The last softmax, where the loss works on logits."""
    if recipe.loss != "cross_entropy" or len(graph.outputs) != 1 or not graph.nodes:
        return None
    last = graph.node(graph.outputs[0])
    return last if isinstance(last.op, Softmax) and not graph.readers[last.name] and len(graph.nodes) > 1 else None


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
    assert isinstance(op, Weighted)
    return Initialisation(step.identifier, op.weight_init, op.bias_init if op.bias else None)
