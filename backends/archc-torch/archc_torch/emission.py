"""A graph as one standalone PyTorch file: the source plan in, the text out. Imports no PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
    ForEach,
    Function,
    Import,
    Main,
    Module,
    Name,
    Return,
    Statement,
    Tuple,
    call,
)
from archc.graph import Graph, Tensor
from archc.ops.fields import WeightInit
from archc.passes.placement import Placement
from archc.spec import Recipe
from archc_torch.reserved import RESERVED
from archc_torch.rules import RULES

# The modules that PyTorch lacks, and the snippet that defines each.
SNIPPETS = {"LocalResponseNorm": "lrn", "SpatialResponseNorm": "spatial_lrn"}


@dataclass(frozen=True)
class Layer:
    """One step in PyTorch: modules by identifier, applied one after the other, or an expression of what it reads."""

    step: Step
    modules: dict[str, Call]
    expression: Expression | None = None

    @property
    def comment(self) -> str:
        return _shape(self.step.node.output)


def emit(graph: Graph, recipe: Recipe, placement: Placement | None, origin: Origin) -> Source:
    """Source whose class holds the graph's layers as modules of their own names.

    `placement` is for strategies that split the network; data parallelism needs nothing of it.
    """
    planned = plan(graph, recipe, RESERVED)
    layers = every(planned.steps, partial(_layer, planned))
    snippets = list(_snippets(layers))
    model = Class(planned.class_name, *(_sequential if planned.is_chain else _module)(planned, layers))
    module = Module(
        doc=_document(planned),
        imports=(*_imports(planned, layers), *(found for snippet in snippets for found in snippet.imports)),
        body=(*(snippet.snippet for snippet in snippets), model, _main(planned)),
    )
    return Source(print_module(module), planned.class_name, planned.renamed)


def _layer(planned: SourcePlan, step: Step) -> Layer:
    op = step.node.op
    if op.op not in RULES:
        raise Unsupported(step.node.name, f"the PyTorch backend cannot express {op.op} yet")
    match RULES[op.op](op, step):
        case (padding, module):
            return Layer(step, {planned.free(f"{step.identifier}_pad"): padding, step.identifier: module})
        case (module,):
            return Layer(step, {step.identifier: module})
        case tuple() as modules:
            raise AssertionError(f"{len(modules)} modules")
        case expression:
            return Layer(step, {}, expression)


def _snippets(layers: Iterable[Layer]) -> Iterator[LoadedSnippet]:
    used = {module.function for layer in layers for module in layer.modules.values()}
    return (load("archc_torch.snippets", file) for name, file in SNIPPETS.items() if Name(name) in used)


def _imports(planned: SourcePlan, layers: Iterable[Layer]) -> Iterator[Import]:
    yield Import("torch", ("nn",))
    if planned.is_chain:
        yield Import("collections", ("OrderedDict",))
    if planned.predicts_probabilities or not planned.is_chain:
        yield Import("torch", ("Tensor",))
    if any(isinstance(layer.expression, Call) for layer in layers):
        yield Import("torch")


def _document(planned: SourcePlan) -> tuple[str, ...]:
    image = _batch(planned.image_shape)
    outputs = " and ".join(map(_batch, planned.output_shapes))
    return (
        f"{planned.title.rstrip('.')}.",
        f"Emitted by archc for PyTorch. Input {image}, output {outputs}. "
        f"{planned.parameters:,} parameters, {planned.macs:,} multiply-accumulates an example.",
    )


def _sequential(planned: SourcePlan, layers: list[Layer]) -> tuple[Name, str, tuple[Function, ...]]:
    """A chain: base, docstring and methods of a Sequential."""
    modules = [
        Argument(module, identifier, layer.comment if identifier == layer.step.identifier else None)
        for layer in layers
        for identifier, module in layer.modules.items()
    ]
    ordered = Call(Name("OrderedDict"), tuple(modules))
    begin = (Do(Call(Fixed("super().__init__"), (Argument(ordered),))), *_call_reset(planned))
    functions = (Function("__init__", "self", "None", begin), *_reset(planned), *_predict(planned))
    return Name("nn.Sequential"), _promise(planned), functions


def _module(planned: SourcePlan, layers: list[Layer]) -> tuple[Name, str, tuple[Function, ...]]:
    """A graph: base, docstring and methods of a Module whose forward names every value."""
    modules = [
        Assign(Name(f"self.{identifier}"), module, layer.comment if identifier == layer.step.identifier else None)
        for layer in layers
        for identifier, module in layer.modules.items()
    ]
    begin = (Do(Fixed("super().__init__()")), *modules, *_call_reset(planned))
    outputs = tuple(map(Name, planned.outputs))
    values = [Assign(Name(layer.step.identifier), _value(layer), layer.comment) for layer in layers]
    first, *others = outputs
    forward = Function(
        "forward",
        f"self, {planned.image}: Tensor",
        "tuple[Tensor, ...]" if others else "Tensor",
        (*values, Return(Tuple(outputs) if others else first)),
    )
    functions = (Function("__init__", "self", "None", begin), *_reset(planned), forward, *_predict(planned))
    return Name("nn.Module"), _promise(planned), functions


def _value(layer: Layer) -> Expression:
    if layer.expression is not None:
        return layer.expression
    value: Expression = Name(layer.step.reads[0])
    for identifier in layer.modules:
        value = call(f"self.{identifier}", value)
    return value


def _promise(planned: SourcePlan) -> str:
    if planned.predicts_probabilities:
        return "Logits from `forward`, class probabilities from `predict`."
    return f"{_batch(planned.image_shape)} -> {', '.join(map(_batch, planned.output_shapes))}."


def _call_reset(planned: SourcePlan) -> tuple[Statement, ...]:
    return (Do(call("self.reset_parameters")),) if planned.initialisations else ()


def _reset(planned: SourcePlan) -> tuple[Function, ...]:
    """The method that draws the weights, layers that begin alike in one loop."""
    if not planned.initialisations:
        return ()
    weights: dict[WeightInit, list[str]] = {}
    biases: dict[float, list[str]] = {}
    for layer in planned.initialisations:
        weights.setdefault(layer.weights, []).append(layer.identifier)
        if layer.bias is not None:
            biases.setdefault(layer.bias, []).append(layer.identifier)
    body = [_for_each(layers, lambda layer, how=how: _draw(how, layer)) for how, layers in weights.items()]
    body += [_for_each(layers, lambda layer, value=value: _fill(value, layer)) for value, layers in biases.items()]
    return (Function("reset_parameters", "self", "None", tuple(body)),)


def _for_each(layers: list[str], write: Callable[[str], Call]) -> Statement:
    """The call for one layer, or a loop over several."""
    if len(layers) == 1:
        return Do(write(f"self.{layers[0]}"))
    return ForEach(Name("layer"), Tuple(tuple(Name(f"self.{layer}") for layer in layers)), (Do(write("layer")),))


def _draw(init: WeightInit, layer: str) -> Call:
    weight = Name(f"{layer}.weight")
    if init.normal is not None:
        return call("nn.init.normal_", weight, std=init.normal.std)
    return call("nn.init.kaiming_normal_", weight, nonlinearity="relu")


def _fill(value: float, layer: str) -> Call:
    bias = Name(f"{layer}.bias")
    match value:
        case 0:
            return call("nn.init.zeros_", bias)
        case 1:
            return call("nn.init.ones_", bias)
        case _:
            return call("nn.init.constant_", bias, value)


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """Probabilities, where the last softmax was left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    (output,) = planned.output_shapes
    probabilities = call("nn.functional.softmax", call("self", Name(planned.image)), dim=1)
    return (
        Function(
            "predict",
            f"self, {planned.image}: Tensor",
            "Tensor",
            (Return(probabilities),),
            doc=f"Class probabilities: {_batch(planned.image_shape)} -> {_batch(output)}.",
        ),
    )


def _main(planned: SourcePlan) -> Main:
    return Main(
        (
            Assign(Name("model"), call(planned.class_name)),
            Assign(Name("parameters"), Fixed("sum(p.numel() for p in model.parameters())")),
            Do(Fixed('print(f"{type(model).__name__}: {parameters:,} parameters")')),
        )
    )


def _shape(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape))


def _batch(tensor: Tensor) -> str:
    return f"(N, {', '.join(map(str, tensor.shape))})"
