"""The network's class: its layers, their initialisation, what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.emit.passing import freeing, passing
from archc.emit.plan import SourcePlan
from archc.emit.prose import probabilities, promise
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Class,
    Do,
    Fixed,
    Function,
    Name,
    Return,
    Statement,
    Tuple,
    call,
)
from archc_torch.initialisers import begin
from archc_torch.layers import TorchLayer


def model(planned: SourcePlan, layers: Sequence[TorchLayer]) -> Class:
    """A chain of modules as one Sequential; anything else as a Module with a `forward`.

    `forward` names the values that more than the next layer reads, and drops each value after its last reader.
    """
    base, build, forward, attributes = (
        _sequential(planned, layers) if is_sequential(planned, layers) else _module(planned, layers)
    )
    reset = _reset(planned)
    if reset:
        build = (*build, Do(call("self.reset_parameters")))
    functions = (Function("__init__", "self", "None", build), *reset, *forward, *_predict(planned))
    return Class(planned.class_name, base, promise(planned), functions, attributes=attributes)


def is_sequential(planned: SourcePlan, layers: Sequence[TorchLayer]) -> bool:
    """Whether the network is one Sequential, which holds modules and nothing else."""
    return planned.is_chain and all(layer.expression is None for layer in layers)


Attributes = tuple[tuple[Name, Name], ...]
Parts = tuple[Name, tuple[Statement, ...], tuple[Function, ...], Attributes]
"""The base class, the statements that build the layers, `forward` unless the base has one, and types of attributes."""


def _sequential(planned: SourcePlan, layers: Sequence[TorchLayer]) -> Parts:
    modules = [
        Argument(module, identifier, layer.comment if identifier == layer.step.identifier else None)
        for layer in layers
        for identifier, module in layer.modules.items()
    ]
    ordered = Call(Name("OrderedDict"), tuple(modules))
    return (
        Name("nn.Sequential"),
        (Do(Call(Fixed("super().__init__"), (Argument(ordered),))),),
        (),
        _attributes(planned, layers),
    )


def _attributes(planned: SourcePlan, layers: Sequence[TorchLayer]) -> Attributes:
    """The classes of the modules that `reset_parameters` names: a checker does not see what a Sequential holds."""
    reset = _resets(planned)
    return tuple(
        (Name(identifier), kind)
        for layer in layers
        for identifier, module in layer.modules.items()
        if identifier in reset and (kind := _kind(module))
    )


def _kind(module: Call) -> Name | None:
    """The class of a module; a function of a module returns it."""
    match module.arguments:
        case (Argument(Call() as inner),):
            return _kind(inner)
        case _:
            return module.function if isinstance(module.function, Name) else None


def _module(planned: SourcePlan, layers: Sequence[TorchLayer]) -> Parts:
    modules = [
        Assign(Name(f"self.{identifier}"), module, layer.comment if identifier == layer.step.identifier else None)
        for layer in layers
        for identifier, module in layer.modules.items()
    ]
    lines, outputs = passing([line for layer in layers for line in _values(layer)], tuple(map(Name, planned.outputs)))
    first, *others = outputs
    forward = Function(
        "forward",
        f"self, {planned.image}: Tensor",
        "tuple[Tensor, ...]" if others else "Tensor",
        (*freeing(lines, outputs), Return(Tuple(outputs) if others else first)),
    )
    return Name("nn.Module"), (Do(Fixed("super().__init__()")), *modules), (forward,), ()


def _values(layer: TorchLayer) -> Iterator[Assign]:
    """A line per module, so that the input of a padded copy is dropped before the copy is read."""
    target = Name(layer.step.identifier)
    if layer.expression is not None:
        yield Assign(target, layer.expression, layer.comment)
        return
    value = Name(layer.step.reads[0])
    for identifier in layer.modules:
        comment = layer.comment if identifier == layer.step.identifier else None
        yield Assign(target, call(f"self.{identifier}", value), comment)
        value = target


def _resets(planned: SourcePlan) -> dict[str, Call]:
    """How `reset_parameters` initialises each layer that has weights, by its identifier."""
    begun = {layer.identifier: begin(layer) for layer in planned.initialisations}
    begun |= {
        step.identifier: call(f"self.{step.identifier}.reset_parameters")
        for step in planned.steps
        if step.identifier not in begun and step.node.op.parameters(step.inputs)
    }
    return {step.identifier: begun[step.identifier] for step in planned.steps if step.identifier in begun}


def _reset(planned: SourcePlan) -> tuple[Function, ...]:
    """The method that initialises the weights, one line per layer."""
    body = tuple(map(Do, _resets(planned).values()))
    return (Function("reset_parameters", "self", "None", body),) if body else ()


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """`predict` returns probabilities, if the final softmax is left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    logits = call("evaluate", Name("self"), Name(planned.image))
    body = (Return(call("nn.functional.softmax", logits, dim=1)),)
    return (Function("predict", f"self, {planned.image}: Tensor", "Tensor", body, doc=probabilities(planned)),)
