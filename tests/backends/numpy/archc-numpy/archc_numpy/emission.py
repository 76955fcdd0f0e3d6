"""A graph as one standalone NumPy file: the source plan in, the text out. Imports no NumPy."""

from __future__ import annotations

from archc.backend import EmittedSource, Origin, Request, Unsupported, every
from archc.emit.plan import SourcePlan, Step, plan
from archc.emit.printer import print_module
from archc.emit.snippets import load, names_in
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
    Literal,
    Main,
    Module,
    Name,
    Return,
    Tuple,
    call,
)
from archc.ops.initialisation import Distribution, Fans
from archc.ops.weighted import Weighted
from archc.tensor import Tensor
from archc_numpy.rules import RULES

SNIPPETS = ("conv2d", "dense", "max_pool2d", "softmax")
"""Functions that NumPy lacks, each a module of `archc_numpy.snippets`."""

RESERVED = names_in("archc_numpy.snippets") | {"SimpleNamespace", "numpy", "self", "I", "O", "l"}
"""Names that the file uses itself, and three that linters refuse."""


def emit(request: Request) -> EmittedSource:
    """Source whose class has the weights and computes the layers when it is called."""
    planned = plan(request, RESERVED)
    values = every(planned.steps, _value)
    called = {value.value.function for value in values if isinstance(value.value, Call)}
    called |= {Name("softmax")} if _predicts_classes(planned) else set()
    snippets = [load("archc_numpy.snippets", name) for name in SNIPPETS if Name(name) in called]
    imports = [Import("numpy"), Import("types", ("SimpleNamespace",))]
    module = Module(
        doc=_document(planned, request.origin),
        imports=(*imports, *(wanted for snippet in snippets for wanted in snippet.imports)),
        body=(*(snippet.snippet for snippet in snippets), _class(planned, values), _main(planned)),
    )
    return EmittedSource(print_module(module), planned.class_name, planned.renamed)


def _value(step: Step) -> Assign:
    """A step as a line: its value under its own name, its shape as a comment."""
    comment = " x ".join(map(str, step.node.output.shape))
    return Assign(Name(step.identifier), RULES.write(step), comment)


def _document(planned: SourcePlan, origin: Origin) -> tuple[str, ...]:
    return (
        f"{planned.title.rstrip('.')}.",
        f"Emitted by archc for NumPy from {origin.spec}, SHA-256 {origin.sha256}. "
        f"To emit it anew: {origin.command('numpy')}",
    )


def _class(planned: SourcePlan, values: list[Assign]) -> Class:
    first, *others = outputs = tuple(map(Name, planned.outputs))
    begin = (Assign(Name("random"), Fixed("numpy.random.default_rng()")), Do(_initialisation(planned)))
    compute = (*values, Return(Tuple(outputs) if others else first))
    functions = [
        Function("__init__", "self", "None", begin),
        Function("__call__", f"self, {planned.image}: numpy.ndarray", _kind(len(outputs)), compute),
    ]
    if _predicts_classes(planned):
        predict = (Return(call("softmax", call("self", Name(planned.image)))),)
        functions.append(Function("predict", f"self, {planned.image}: numpy.ndarray", _kind(1), predict))
    shapes = f"{_batch(planned.image_shape)} -> {', '.join(map(_batch, planned.output_shapes))}."
    return Class(planned.class_name, Name("SimpleNamespace"), shapes, tuple(functions))


def _predicts_classes(planned: SourcePlan) -> bool:
    """Whether `predict` applies a softmax to the logits; a sigmoid is not supported."""
    return planned.predicts_probabilities and planned.loss == "cross_entropy"


def _initialisation(planned: SourcePlan) -> Expression:
    """The weights, drawn as the spec says."""
    arrays: list[Argument] = []
    for step in planned.steps:
        if isinstance(op := step.node.op, Weighted):
            for parameter in op.parameters(step.inputs):
                shape = Tuple(tuple(map(Literal, parameter.shape)))
                drawn = _drawn(step, op.weight_init.distribution(Fans(parameter.fan_in, parameter.fan_out)), shape)
                filled = call("numpy.full", shape, float(op.bias_init))
                array = filled if parameter.name == "bias" else drawn
                arrays.append(Argument(array, f"{step.identifier}_{parameter.name}"))
    return Call(Fixed("super().__init__"), tuple(arrays))


def _drawn(step: Step, distribution: Distribution, shape: Tuple) -> Call:
    """Weights of a distribution."""
    kind, value = distribution
    match kind:
        case "normal":
            return call("random.normal", 0, value, shape)
        case "uniform":
            return call("random.uniform", -value, value, shape)
        case "constant":
            return call("numpy.full", shape, float(value))
        case _:
            raise Unsupported(step.node.name, f"{step.node.name}'s weights cannot be drawn: {kind}")


def _main(planned: SourcePlan) -> Main:
    count = Fixed('print(f"{sum(array.size for array in vars(model).values()):,} parameters")')
    return Main((Assign(Name("model"), call(planned.class_name)), Do(count)))


def _kind(outputs: int) -> str:
    return "numpy.ndarray" if outputs == 1 else "tuple[numpy.ndarray, ...]"


def _batch(tensor: Tensor) -> str:
    return f"(N, {', '.join(map(str, tensor.shape))})"
