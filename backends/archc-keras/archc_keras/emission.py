"""A graph as one standalone Keras file: the source plan in, the text out. Imports no Keras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.backend import EmittedSource, Request, every
from archc.emit.plan import SourcePlan, plan
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
    Statement,
    Tuple,
    call,
    names,
)
from archc.graph import Graph
from archc.tensor import FreeSize
from archc_keras.functions import write
from archc_keras.layers import layer
from archc_keras.loading import load as loader
from archc_keras.loading import snippets as snippets_of
from archc_keras.reserved import LOCAL, RESERVED
from archc_keras.training import check, kind, of_recipe

# Definitions that Keras lacks, each with its snippet, in the order of the file.
SNIPPETS = {
    "normal": "normal",
    "he": "he",
    "drawn": "drawn",
    "untyped": "untyped",
    "GroupedConv1D": "grouped_conv1d",
    "GroupedConv2D": "grouped_conv",
    "DepthwiseConv2D": "depthwise_conv",
    "LeakyReLU": "leaky_relu",
    "exact_gelu": "exact_gelu",
    "gelu_tanh": "gelu_tanh",
    "LowestPadding1D": "lowest_padding1d",
    "ConvTranspose": "conv_transpose",
    "Upsample": "resizing",
    "Slice": "slicing",
    "Padding": "padding",
    "LowestPadding2D": "lowest_padding",
    "AvgPool": "avg_pool",
    "LocalResponseNorm": "lrn",
    "SpatialResponseNorm": "spatial_lrn",
    "BatchNorm": "batch_norm",
    "ExampleNormalization": "example_norm",
    "Normalize": "normalize",
    "Scale": "scale",
    "Attention": "attention",
    "GateBias": "gate_bias",
    "ClassToken": "class_token",
    "Positions": "positions",
    "Sinusoids": "sinusoids",
    "Select": "selecting",
    "stored": "stored",
    "recurrent_stored": "recurrent_stored",
    "MomentumSGD": "momentum_sgd",
    "PyTorchSGD": "pytorch_sgd",
    "KerasSGD": "keras_sgd",
    "Adam": "adam",
}


def emit(request: Request) -> EmittedSource:
    """Source whose class has the graph's layers by their own names."""
    graph, planned = request.graph, plan(request, RESERVED, channels_last=True, local_reserved=LOCAL)
    recipe = request.recipe if planned.parameters else None
    layers = every(planned.steps, layer)
    written = write(planned, {each.step.identifier: each for each in layers})
    used = {name for each in written.layers.values() for value in each.calls.values() for name in names(value)}
    readers = snippets_of(used) if recipe is not None else ()
    if recipe is not None:
        used |= {Name(kind(recipe)), *map(Name, readers)}
    snippets = list(_snippets(used))
    recipe_functions = () if recipe is None else tuple(of_recipe(planned, recipe))
    module = Module(
        doc=document(planned, request.origin, "keras"),
        imports=tuple(_imports(planned, snippets, loads=bool(readers))),
        body=(
            *written.functions,
            _model(graph, planned, written.lines, written.outputs, tuple(map(loader, readers[:1]))),
            *(snippet.snippet for snippet in snippets),
            *recipe_functions,
            check(planned, recipe),
            RUN,
        ),
    )
    return EmittedSource(print_module(module), planned.class_name, renamed={})


def _snippets(used: set[Name]) -> Iterator[LoadedSnippet]:
    """The snippets of these names, and those that these need."""
    loaded = {name: load("archc_keras.snippets", file) for name, file in SNIPPETS.items() if Name(name) in used}
    needed = {need for snippet in loaded.values() for need in snippet.needs} - loaded.keys()
    loaded |= {name: load("archc_keras.snippets", SNIPPETS[name]) for name in needed}
    return (loaded[name] for name in SNIPPETS if name in loaded)


def _imports(planned: SourcePlan, snippets: Iterable[LoadedSnippet], *, loads: bool) -> Iterator[Import]:
    yield Import("math")
    yield Import("typing", ("Any", "Self") if loads else ("Any",))
    yield Import("keras", untyped=True)
    yield Import("keras", ("layers",))
    if planned.parameters or planned.predicts_probabilities:
        yield Import("keras", ("ops",))
    for snippet in snippets:
        yield from snippet.imports


def _model(
    graph: Graph,
    planned: SourcePlan,
    lines: tuple[Statement, ...],
    outputs: tuple[Expression, ...],
    more: tuple[Function, ...],
) -> Class:
    """A functional model with `more` methods; values that only the next layer reads are called `x`."""
    begin = [
        Assign(Name(identifier), _input(planned.shape(x), name, is_tokens=x.is_tokens))
        for name, (identifier, x) in zip(graph.inputs, planned.inputs.items(), strict=True)
    ]
    inputs = tuple(map(Name, planned.inputs))
    end = Do(Call(Fixed("super().__init__"), _arguments(_one_or_list(inputs), _one_or_list(outputs), name=graph.name)))
    init = Function("__init__", "self", "None", (*begin, *lines, end))
    functions = (init, *_predict(planned), *more, _CONFIG)
    return Class(planned.class_name, Name("keras.Model"), promise(planned), functions, (_SERIALISABLE,))


def _input(shape: tuple[int, ...], name: str, *, is_tokens: bool) -> Call:
    dtype = {"dtype": "int32"} if is_tokens else {}
    # Keras infers a size that is None when it is called.
    sizes = (Literal(None if isinstance(size, FreeSize) else size) for size in shape)
    return call("keras.Input", Tuple(tuple(sizes)), name=name, **dtype)


def _one_or_list(values: tuple[Expression, ...]) -> Expression:
    return values[0] if len(values) == 1 else List(values)


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


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """`predict` returns probabilities, if the final softmax is left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    function = "ops.softmax" if planned.loss == "cross_entropy" else "ops.sigmoid"
    body = (Return(Fixed(f"ops.convert_to_numpy({function}(super().predict(*arguments, **options)))")),)
    signature = "self, *arguments: Any, **options: Any"
    return (Function("predict", signature, "Any", body, doc=probabilities(planned)),)
