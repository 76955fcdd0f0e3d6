"""A graph as one standalone Keras file: the source plan in, the text out. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from archc.backend import EmittedSource, Request, every
from archc.emit.passing import passing
from archc.emit.plan import SourcePlan, Step, plan
from archc.emit.printer import print_module
from archc.emit.prose import document, probabilities, promise
from archc.emit.rules import described
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
from archc_keras.reserved import RESERVED
from archc_keras.rules import RULES
from archc_keras.training import check, plateau, sgd

# Definitions that Keras lacks, each with its snippet, in the order of the file.
SNIPPETS = {
    "normal": "normal",
    "he_normal": "he_normal",
    "GroupedConv2D": "grouped_conv",
    "exact_gelu": "exact_gelu",
    "gelu_tanh": "gelu_tanh",
    "LowestPadding2D": "lowest_padding",
    "LocalResponseNorm": "lrn",
    "SpatialResponseNorm": "spatial_lrn",
    "BatchNorm": "batch_norm",
    "ExampleNormalization": "example_norm",
    "MomentumSGD": "momentum_sgd",
}


@dataclass(frozen=True)
class KerasLayer:
    """One step in Keras: layers that are applied one after the other; the last has the step's name."""

    step: Step
    calls: tuple[Call, ...]


def emit(request: Request) -> EmittedSource:
    """Source whose class has the graph's layers by their own names."""
    graph, recipe = request.graph, request.recipe
    planned = plan(request, RESERVED, channels_last=True)
    layers = every(planned.steps, partial(_layer, planned))
    used = {name for layer in layers for value in layer.calls for name in names(value)}
    if planned.parameters:
        used.add(Name("MomentumSGD"))
    snippets = [load("archc_keras.snippets", file) for name, file in SNIPPETS.items() if Name(name) in used]
    recipe_functions = (sgd(planned, recipe), *plateau(recipe)) if planned.parameters else ()
    module = Module(
        doc=document(planned, request.origin, "keras"),
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
    """The step as its op's rule writes it; raises Unsupported, and Failure if the rule returns anything else."""
    name = step.node.name
    written = RULES.write(step)
    if not _is_layers(written):
        raise RULES.fault(step, f"{described(written)}, not layers by suffix, of which the last is empty")
    if any(argument.keyword == "name" for value in written.values() for argument in value.arguments):
        raise RULES.fault(step, "a layer with a name, which archc gives it")
    calls = [
        replace(value, arguments=(*value.arguments, Argument(Literal(_name(planned, name, added)), "name")))
        for added, value in written.items()
    ]
    return KerasLayer(step, tuple(calls))


def _is_layers(written: object) -> bool:
    """Whether a rule returned Keras layers by suffix, the last of which has the step's name."""
    if not isinstance(written, dict):
        return False
    by_suffix = cast("dict[object, object]", written)
    is_typed = all(isinstance(suffix, str) and isinstance(value, Call) for suffix, value in by_suffix.items())
    return is_typed and [*by_suffix][-1:] == [""]


def _name(planned: SourcePlan, name: str, added: str) -> str:
    return planned.free(name + added) if added else name


def _imports(planned: SourcePlan, snippets: Iterable[LoadedSnippet]) -> Iterator[Import]:
    yield Import("math")
    yield Import("typing", ("Any",))
    yield Import("keras", untyped=True)
    yield Import("keras", ("layers",))
    if planned.predicts_probabilities:
        yield Import("keras", ("ops",))
    for snippet in snippets:
        yield from snippet.imports


def _model(graph: Graph, planned: SourcePlan, layers: list[KerasLayer]) -> Class:
    """A functional model; values that only the next layer reads are called `x`."""
    (image,) = graph.inputs
    shape = Tuple(tuple(map(Literal, planned.shape(planned.image_shape))))
    x = graph.inputs[image]
    dtype = {"dtype": "int32"} if x.is_tokens else {}
    begin = Assign(Name(planned.image), call("keras.Input", shape, name=image, **dtype))
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
    "get_config",
    "self",
    "dict[str, Any]",
    (Return(Fixed("{}")),),
    doc="No options: the class is the whole architecture.",
)


def _arguments(*values: Expression, name: str) -> tuple[Argument, ...]:
    return (*map(Argument, values), Argument(Literal(name), "name"))


def _assign(planned: SourcePlan, layer: KerasLayer) -> Iterator[Assign]:
    """The layers of a step, each applied to the one before it."""
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
    """`predict` returns probabilities, if the final softmax is left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    body = (
        Assign(Name("logits"), Fixed("super().predict(*arguments, **options)")),
        Return(Fixed("ops.convert_to_numpy(ops.softmax(logits))")),
    )
    signature = "self, *arguments: Any, **options: Any"
    return (Function("predict", signature, "Any", body, doc=probabilities(planned)),)
