"""How a network's weights are initialised: a line per layer, or a loop over the modules of a network with blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from archc.emit.plan import Initialisation, SourcePlan
from archc.emit.syntax import Among, Argument, Call, Do, For, Function, If, Literal, Name, Statement, Tuple, call
from archc_torch.initialisers import begin
from archc_torch.layers import TorchLayer

MODULE = Name("module")


def resets(planned: SourcePlan) -> dict[str, Initialisation | None]:
    """How each layer that has weights is initialised, by its identifier; None for its own `reset_parameters`."""
    begun: dict[str, Initialisation | None] = {layer.identifier: layer for layer in planned.initialisations}
    for step in planned.steps:
        if step.identifier not in begun and step.path is None and step.node.op.parameters(step.inputs):
            begun[step.identifier] = None
    return {step.identifier: begun[step.identifier] for step in planned.steps if step.identifier in begun}


def reset_parameters(
    planned: SourcePlan, layers: Mapping[str, TorchLayer], paths: Mapping[str, str]
) -> tuple[Function, ...]:
    """The method that initialises the weights. `paths` are the places of the modules, by identifier."""
    found = resets(planned)
    if not found:
        return ()
    if planned.has_blocks:
        body = _loop(found, layers, paths)
    else:
        body = tuple(Do(_call(layer, Name(f"self.{identifier}"))) for identifier, layer in found.items())
    return (Function("reset_parameters", "self", "None", body),)


def _call(layer: Initialisation | None, module: Name) -> Call:
    return call(f"{module.text}.reset_parameters") if layer is None else begin(layer, module)


@dataclass
class _Kind:
    """The layers of one class: how each is initialised, by the place of its module."""

    name: Name
    layers: dict[str, Initialisation | None] = field(default_factory=dict[str, Initialisation | None])

    def calls(self) -> dict[str, Call]:
        """A layer without a bias has none to fill, so it is given the value of others that begin as it does."""
        biases: dict[str, float] = {}
        for layer in self.layers.values():
            if layer is not None and layer.bias is not None:
                biases.setdefault(_without_bias(layer), layer.bias)
        return {
            path: _call(layer and replace(layer, bias=_bias(layer, biases)), MODULE)
            for path, layer in self.layers.items()
        }


def _bias(layer: Initialisation, biases: Mapping[str, float]) -> float | None:
    return biases.get(_without_bias(layer)) if layer.bias is None else layer.bias


def _without_bias(layer: Initialisation) -> str:
    return repr(begin(replace(layer, bias=None), MODULE))


def _loop(
    found: Mapping[str, Initialisation | None], layers: Mapping[str, TorchLayer], paths: Mapping[str, str]
) -> tuple[Statement, ...]:
    kinds: dict[str, _Kind] = {}
    for identifier, reset in found.items():
        layer = layers[identifier]
        name = _class_of(layer.modules[layer.step.identifier])
        kinds.setdefault(name.text, _Kind(name)).layers[paths[identifier]] = reset
    branches: dict[tuple[Statement, ...], list[Name]] = {}
    for kind in kinds.values():
        branches.setdefault(_branch(kind.calls()), []).append(kind.name)
    whole = tuple((_is_instance(names), body) for body, names in branches.items())
    if any(isinstance(body[0], If) for body in branches):
        return (For((Name("name"), MODULE), call("self.named_modules"), (If(whole),)),)
    return (For((MODULE,), call("self.modules"), (If(whole),)),)


def _class_of(module: Call) -> Name:
    """The class of a module; a function may be applied to it, as in `unscaled(nn.BatchNorm2d(64))`."""
    match module.arguments:
        case (Argument(value=Call() as inner), *_):
            return _class_of(inner)
        case _:
            assert isinstance(module.function, Name)
            return module.function


def _branch(calls: Mapping[str, Call]) -> tuple[Statement, ...]:
    """The usual start of a class of layers, after those of single layers by their names."""
    counts = Counter(calls.values())
    usual = max(counts, key=lambda each: counts[each])
    others: dict[Call, list[str]] = {}
    for path, own in calls.items():
        if own != usual:
            others.setdefault(own, []).append(path)
    if not others:
        return (Do(usual),)
    named = tuple((Among(Name("name"), Tuple(tuple(map(Literal, paths)))), (Do(own),)) for own, paths in others.items())
    return (If(named, (Do(usual),)),)


def _is_instance(names: list[Name]) -> Call:
    """`isinstance(module, (nn.Conv2d, nn.Linear))`."""
    return call("isinstance", MODULE, names[0] if len(names) == 1 else Tuple(tuple(names)))
