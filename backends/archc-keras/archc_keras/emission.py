"""A graph as one standalone Keras file: the source plan in, the text out. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from archc.backend import EmittedSource, Origin, Unsupported, every
from archc.emit.passing import passing
from archc.emit.plan import SourcePlan, Step, plan
from archc.emit.printer import print_module
from archc.emit.prose import document, probabilities, promise
from archc.emit.self_check import RUN
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
    Module,
    Name,
    Return,
    Tuple,
    call,
    names,
)
from archc.graph import Graph
from archc.language.spec import Recipe
from archc.passes.placement import Placement
from archc_keras.reserved import RESERVED
from archc_keras.rules import RULES
from archc_keras.training import check, plateau, sgd

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
class KerasLayer:
    """One step in Keras: layers, applied one after the other, the last of which has the step's name."""

    step: Step
    calls: tuple[Call, ...]


def emit(graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> EmittedSource:
    """EmittedSource whose class holds the graph's layers by their own names.

    `placement` is for strategies that split the network; data parallelism needs nothing of it.
    """
    planned = plan(graph, recipe, RESERVED, channels_last=True)
    layers = every(planned.steps, partial(_layer, planned))
    used = {name for layer in layers for value in layer.calls for name in names(value)}
    if planned.parameters:
        used.add(Name("MomentumSGD"))
    snippets = [load("archc_keras.snippets", file) for name, file in SNIPPETS.items() if Name(name) in used]
    recipe_functions = (sgd(planned, recipe), *plateau(recipe)) if planned.parameters else ()
    module = Module(
        doc=document(planned, origin, "keras"),
        imports=tuple(_imports(planned, snippets)),
        body=(
            _model(graph, planned, layers),
            *(snippet.snippet for snippet in snippets),
            *recipe_functions,
            check(planned),
            RUN,
        ),
    )
    return EmittedSource(print_module(module), planned.class_name, renamed={})


def _layer(planned: SourcePlan, step: Step) -> KerasLayer:
    op, name = step.node.op, step.node.name
    if op.op not in RULES:
        raise Unsupported(name, f"the Keras backend cannot express {op.op} yet")
    calls = [
        replace(value, arguments=(*value.arguments, Argument(Literal(_name(planned, name, added)), "name")))
        for added, value in RULES[op.op](op, step).items()
    ]
    return KerasLayer(step, tuple(calls))


def _name(planned: SourcePlan, name: str, added: str) -> str:
    return planned.free(name + added) if added else name


def _imports(planned: SourcePlan, snippets: Iterable[LoadedSnippet]) -> Iterator[Import]:
    yield Import("math")
    yield Import("typing", ("Any",))
    yield Import("keras")
    yield Import("keras", ("layers",))
    if planned.predicts_probabilities:
        yield Import("keras", ("ops",))
    for snippet in snippets:
        yield from snippet.imports


def _model(graph: Graph, planned: SourcePlan, layers: list[KerasLayer]) -> Class:
    """A functional model, whose lines name what more than the next layer reads."""
    (image,) = graph.inputs
    shape = Tuple(tuple(map(Literal, planned.shape(planned.image_shape))))
    begin = Assign(Name(planned.image), call("keras.Input", shape, name=image))
    assigned = [assign for layer in layers for assign in _assign(planned, layer)]
    lines, outputs = passing(assigned, tuple(map(Name, planned.outputs)))
    first, *others = outputs
    output = List(outputs) if others else first
    end = Do(Call(Fixed("super().__init__"), _arguments(Name(planned.image), output, name=graph.name)))
    init = Function("__init__", "self", "None", (begin, *lines, end))
    functions = (init, *_predict(planned), _CONFIG)
    return Class(planned.class_name, Name("keras.Model"), promise(planned), functions, (_SERIALISABLE,))


_SERIALISABLE = Fixed("keras.saving.register_keras_serializable()")
_CONFIG = Function(
    "get_config", "self", "dict[str, Any]", (Return(Fixed("{}")),), doc="Nothing: the class is the whole architecture."
)


def _arguments(*values: Expression, name: str) -> tuple[Argument, ...]:
    return (*map(Argument, values), Argument(Literal(name), "name"))


def _assign(planned: SourcePlan, layer: KerasLayer) -> Iterator[Assign]:
    """The layers of a step, each applied to the one before."""
    step = layer.step
    target = Name(step.identifier)
    first, *others = reads = tuple(map(Name, step.reads))
    value: Expression = List(reads) if others else first
    *before, own = layer.calls
    for each in before:
        yield Assign(target, Call(each, (Argument(value),)))
        value = target
    yield Assign(target, Call(own, (Argument(value),)), planned.comment(step.node.output))


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """Probabilities, where the last softmax was left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    body = (
        Assign(Name("logits"), Fixed("super().predict(*arguments, **options)")),
        Return(Fixed("ops.convert_to_numpy(ops.softmax(logits))")),
    )
    signature = "self, *arguments: Any, **options: Any"
    return (Function("predict", signature, "Any", body, doc=probabilities(planned)),)
