"""A graph as one standalone Keras file: the source plan in, the text out. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from archc.backend import Origin, Source, Unsupported, every
from archc.emit.plan import SourcePlan, Step, plan
from archc.emit.printer import print_module
from archc.emit.snippets import LoadedSnippet, load
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Class,
    Do,
    Expression,
    Fixed,
    Function,
    Import,
    List,
    Literal,
    Main,
    Module,
    Name,
    Return,
    Tuple,
    Unpacked,
    call,
)
from archc.graph import Graph, Tensor
from archc.passes.placement import Placement
from archc.spec import Recipe
from archc_keras.reserved import RESERVED
from archc_keras.rules import RULES
from archc_keras.self_check import channels_last, check, optimizer

# What Keras lacks, and the snippet that defines each.
SNIPPETS = {
    "normal": "normal",
    "he_normal": "he_normal",
    "GroupedConv2D": "grouped_conv",
    "LowestPadding2D": "lowest_padding",
    "LocalResponseNorm": "lrn",
    "SpatialResponseNorm": "spatial_lrn",
    "BatchNorm": "batch_norm",
    "MomentumSGD": "momentum_sgd",
}


@dataclass(frozen=True)
class Layer:
    """One step in Keras: layers, applied one after the other, the last of which has the step's name."""

    step: Step
    calls: tuple[Call, ...]


def emit(graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> Source:
    """Source whose class holds the graph's layers by their own names.

    `placement` is for strategies that split the network; data parallelism needs nothing of it.
    """
    planned = plan(graph, recipe, RESERVED)
    layers = every(planned.steps, partial(_layer, planned))
    used = {name for layer in layers for value in layer.calls for name in _names(value)}
    if planned.parameters:
        used.add("MomentumSGD")
    snippets = [load("archc_keras.snippets", file) for name, file in SNIPPETS.items() if name in used]
    module = Module(
        doc=_document(planned, origin),
        imports=tuple(_imports(planned, used, snippets)),
        body=(
            _model(graph, planned, layers),
            *(snippet.snippet for snippet in snippets),
            *((optimizer(planned, recipe),) if planned.parameters else ()),
            check(planned),
            Main((Do(call("check")),)),
        ),
    )
    return Source(print_module(module), planned.class_name, renamed={})


def _layer(planned: SourcePlan, step: Step) -> Layer:
    op, name = step.node.op, step.node.name
    if op.op not in RULES:
        raise Unsupported(name, f"the Keras backend cannot express {op.op} yet")
    calls = [
        replace(value, arguments=(*value.arguments, Argument(Literal(_name(planned, name, added)), "name")))
        for added, value in RULES[op.op](op, step).items()
    ]
    return Layer(step, tuple(calls))


def _name(planned: SourcePlan, name: str, added: str) -> str:
    return planned.free(name + added) if added else name


def _names(value: Expression) -> Iterator[str]:
    """Every name that is called in an expression."""
    if isinstance(value, Call):
        yield from _names(value.function)
        for argument in value.arguments:
            yield from _names(argument.value)
    elif isinstance(value, Unpacked):
        yield from _names(value.value)
    elif isinstance(value, Name):
        yield value.text


def _imports(planned: SourcePlan, used: set[str], snippets: Iterable[LoadedSnippet]) -> Iterator[Import]:
    yield Import("math")
    yield Import("typing", ("Any",))
    yield Import("keras")
    yield Import("keras", ("layers",))
    if planned.predicts_probabilities:
        yield Import("keras", ("ops",))
    for snippet in snippets:
        yield from snippet.imports


def _document(planned: SourcePlan, origin: Origin) -> tuple[str, ...]:
    image = _batch(planned.image_shape)
    outputs = " and ".join(map(_batch, planned.output_shapes))
    return (
        f"{planned.title.rstrip('.')}.",
        f"Input {image}, output {outputs}. {planned.parameters:,} parameters, {planned.macs:,} multiply-accumulates an "
        "example. Run this file to check it.",
        f"Emitted by `{origin.command('keras')}`; SHA-256 of {origin.spec}: {origin.sha256}.",
    )


def _model(graph: Graph, planned: SourcePlan, layers: list[Layer]) -> Class:
    """A functional model. In a chain every value is called x; in a graph each has its layer's name."""
    (image,) = graph.inputs
    shape = Tuple(tuple(map(Literal, channels_last(planned.image_shape))))
    begin = Assign(Name(planned.image), call("keras.Input", shape, name=image))
    assigned = [assign for layer in layers for assign in _assign(planned, layer)]
    outputs = tuple(Name("x" if planned.is_chain else name) for name in planned.outputs)
    first, *others = outputs
    output = List(outputs) if others else first
    end = Do(Call(Fixed("super().__init__"), _arguments(Name(planned.image), output, name=graph.name)))
    init = Function("__init__", "self", "None", (begin, *assigned, end))
    functions = (init, *_predict(planned), _CONFIG)
    return Class(planned.class_name, Name("keras.Model"), _promise(planned), functions, (_SERIALISABLE,))


_SERIALISABLE = Fixed("keras.saving.register_keras_serializable()")
_CONFIG = Function(
    "get_config", "self", "dict[str, Any]", (Return(Fixed("{}")),), doc="Nothing: the class is the whole architecture."
)


def _arguments(*values: Expression, name: str) -> tuple[Argument, ...]:
    return (*map(Argument, values), Argument(Literal(name), "name"))


def _assign(planned: SourcePlan, layer: Layer) -> Iterator[Assign]:
    """The layers of a step, each applied to the one before."""
    step = layer.step
    target = Name("x" if planned.is_chain else step.identifier)
    reads = [Name("x" if planned.is_chain and name != planned.image else name) for name in step.reads]
    value: Expression = List(tuple(reads)) if len(reads) > 1 else reads[0]
    for number, each in enumerate(layer.calls, 1):
        last = number == len(layer.calls)
        yield Assign(target, Call(each, (Argument(value),)), _shape(step.node.output) if last else None)
        value = target


def _promise(planned: SourcePlan) -> str:
    if planned.predicts_probabilities:
        return "Logits from a call, class probabilities from `predict`."
    return f"{_batch(planned.image_shape)} -> {', '.join(map(_batch, planned.output_shapes))}."


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """Probabilities, where the last softmax was left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    (output,) = planned.output_shapes
    logits = Fixed("super().predict(*arguments, **options)")
    return (
        Function(
            "predict",
            "self, *arguments: Any, **options: Any",
            "Any",
            (Assign(Name("logits"), logits), Return(Fixed("ops.convert_to_numpy(ops.softmax(logits))"))),
            doc=f"Class probabilities: {_batch(planned.image_shape)} -> {_batch(output)}.",
        ),
    )


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, channels_last(tensor)))


def _batch(tensor: Tensor) -> str:
    return f"(N, {', '.join(map(str, channels_last(tensor)))})"
