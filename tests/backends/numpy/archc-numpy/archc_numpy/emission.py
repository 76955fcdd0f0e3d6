"""A graph as one standalone NumPy file: the source plan in, the text out. Imports no NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archc.backend import EmittedSource, Origin, Request, every
from archc.emit.plan import SourcePlan, Step, plan
from archc.emit.printer import print_module
from archc.emit.snippets import load, names_in
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Class,
    Do,
    Fixed,
    Function,
    Import,
    Literal,
    Main,
    Module,
    Name,
    Return,
    Tuple,
    call,
)
from archc.graph import Graph
from archc.ops.initialisation import Fans
from archc.ops.properties import Parameter
from archc.ops.weighted import Weighted
from archc.tensor import Tensor
from archc_numpy.rules import RULES

SNIPPETS = ("conv2d", "dense", "max_pool2d", "softmax")
"""Functions that NumPy lacks, each a module of `archc_numpy.snippets`."""

RESERVED = names_in("archc_numpy.snippets") | {"SimpleNamespace", "numpy", "self", "I", "O", "l"}
"""Names that the file uses itself, and three that linters refuse."""


@dataclass(frozen=True)
class Layer:
    """What a step becomes: the line that computes it, and its weights."""

    value: Assign
    weights: tuple[Argument, ...]


def emit(request: Request) -> EmittedSource:
    """Source whose class has the weights and computes the layers when it is called."""
    planned = plan(request, RESERVED)
    layers = every((*planned.steps, *_fused(planned, request.graph)), _layer)
    called = {layer.value.value.function for layer in layers if isinstance(layer.value.value, Call)}
    snippets = [load("archc_numpy.snippets", name) for name in SNIPPETS if Name(name) in called]
    imports = [Import("numpy"), Import("types", ("SimpleNamespace",))]
    module = Module(
        doc=_document(planned, request.origin),
        imports=(*imports, *(wanted for snippet in snippets for wanted in snippet.imports)),
        body=(*(snippet.snippet for snippet in snippets), _class(planned, layers), _main(planned)),
    )
    return EmittedSource(print_module(module), planned.class_name, planned.renamed)


def _layer(step: Step) -> Layer:
    """A step as a line, its value under its own name and its shape as a comment, and its weights."""
    comment = " x ".join(map(str, step.node.output.shape))
    return Layer(Assign(Name(step.identifier), RULES.write(step), comment), tuple(_weights(step)))


def _fused(planned: SourcePlan, graph: Graph) -> tuple[Step, ...]:
    """The final layer that the loss takes over, which only `predict` computes; at most one."""
    if (node := graph.fused) is None:
        return ()
    return (Step(planned.names[node.name], node, planned.outputs, graph.tensors(node.inputs)),)


def _document(planned: SourcePlan, origin: Origin) -> tuple[str, ...]:
    return (
        f"{planned.title.rstrip('.')}.",
        f"Emitted by archc for NumPy from {origin.spec}, SHA-256 {origin.sha256}. "
        f"To emit it anew: {origin.command('numpy')}",
    )


def _class(planned: SourcePlan, layers: list[Layer]) -> Class:
    computed, fused = layers[: len(planned.steps)], layers[len(planned.steps) :]
    weights = Call(Fixed("super().__init__"), tuple(weight for layer in computed for weight in layer.weights))
    first, *others = outputs = tuple(map(Name, planned.outputs))
    begin = (Assign(Name("random"), Fixed("numpy.random.default_rng()")), Do(weights))
    compute = (*(layer.value for layer in computed), Return(Tuple(outputs) if others else first))
    functions = [
        Function("__init__", "self", "None", begin),
        Function("__call__", f"self, {planned.image}: numpy.ndarray", _kind(len(outputs)), compute),
    ]
    for layer in fused:
        predict = (Assign(first, call("self", Name(planned.image))), Return(layer.value.value))
        functions.append(Function("predict", f"self, {planned.image}: numpy.ndarray", _kind(1), predict))
    shapes = f"{_batch(planned.image_shape)} -> {', '.join(map(_batch, planned.output_shapes))}."
    return Class(planned.class_name, Name("SimpleNamespace"), shapes, tuple(functions))


def _weights(step: Step) -> Iterator[Argument]:
    """The weights of a layer, drawn as the spec says."""
    if isinstance(op := step.node.op, Weighted):
        for parameter in op.parameters(step.inputs):
            shape = Tuple(tuple(map(Literal, parameter.shape)))
            array = call("numpy.full", shape, float(op.bias_init)) if parameter.is_bias else _drawn(op, step, parameter)
            yield Argument(array, f"{step.identifier}_{parameter.name}")


def _drawn(op: Weighted, step: Step, parameter: Parameter) -> Call:
    """A weight of its distribution."""
    shape = Tuple(tuple(map(Literal, parameter.shape)))
    kind, value = op.init_of(parameter).distribution(Fans(parameter.fan_in, parameter.fan_out))
    match kind:
        case "normal":
            return call("random.normal", 0, value, shape)
        case "uniform":
            return call("random.uniform", -value, value, shape)
        case "constant":
            return call("numpy.full", shape, float(value))
        case _:
            raise RULES.unsupported(step, f"`{kind}` weights")


def _main(planned: SourcePlan) -> Main:
    count = Fixed('print(f"{sum(array.size for array in vars(model).values()):,} parameters")')
    return Main((Assign(Name("model"), call(planned.class_name)), Do(count)))


def _kind(outputs: int) -> str:
    return "numpy.ndarray" if outputs == 1 else "tuple[numpy.ndarray, ...]"


def _batch(tensor: Tensor) -> str:
    return f"(N, {', '.join(map(str, tensor.shape))})"
