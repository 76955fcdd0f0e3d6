"""How a network's weights are initialised: a line per layer, or a loop over the modules of a network with blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archc.emit.plan import Initialisation, SourcePlan
from archc.emit.syntax import Among, Call, Do, For, Function, If, Literal, Name, Statement, Tuple, call, number
from archc_torch.layers import TorchLayer

Reset = tuple[str, float | None, float | None]
"""What initialises a layer: the function, its deviation, and the bias; None if it has none."""

_OWN: Reset = ("", None, None)
"""The layer's own `reset_parameters`."""


def resets(planned: SourcePlan) -> dict[str, Reset]:
    """How each layer that has weights is initialised, by its identifier."""
    begun = {layer.identifier: _reset(layer) for layer in planned.initialisations}
    begun |= {
        step.identifier: _OWN for step in planned.steps if step.node.op.normalises == "batch" and step.path is None
    }
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
        body = tuple(Do(_call(Name(f"self.{identifier}"), reset)) for identifier, reset in found.items())
    return (Function("reset_parameters", "self", "None", body),)


def _reset(layer: Initialisation) -> Reset:
    if layer.weights.normal is not None:
        return "normal", layer.weights.normal.std, layer.bias
    return "he_normal", None, layer.bias


def _call(module: Name, reset: Reset) -> Call:
    function, std, bias = reset
    if not function:
        return call(f"{module.text}.reset_parameters")
    given = {"std": std} if std is not None else {}
    return call(function, module, **given, **({} if bias is None else {"bias": number(bias)}))


@dataclass
class _Kind:
    """The layers of one class: how each is initialised, by the place of its module."""

    name: Name
    resets: dict[str, Reset]

    def united(self) -> None:
        """Give a layer without a bias the value that others of the same start have: it has no bias to fill."""
        biases: dict[tuple[str, float | None], float] = {}
        for function, std, bias in self.resets.values():
            if bias is not None:
                biases.setdefault((function, std), bias)
        for path, (function, std, bias) in self.resets.items():
            self.resets[path] = function, std, bias if bias is not None else biases.get((function, std))

    def usual(self) -> Reset:
        """How most of them are initialised."""
        each = [*self.resets.values()]
        return max(dict.fromkeys(each), key=each.count)


def _loop(
    found: Mapping[str, Reset], layers: Mapping[str, TorchLayer], paths: Mapping[str, str]
) -> tuple[Statement, ...]:
    kinds: dict[str, _Kind] = {}
    for identifier, reset in found.items():
        layer = layers[identifier]
        function = layer.modules[layer.step.identifier].function
        assert isinstance(function, Name)
        kinds.setdefault(function.text, _Kind(function, {})).resets[paths[identifier]] = reset
    branches: dict[tuple[Statement, ...], list[Name]] = {}
    for kind in kinds.values():
        kind.united()
        branches.setdefault(_branch(kind), []).append(kind.name)
    whole = tuple((_is_instance(names), body) for body, names in branches.items())
    has_names = any(isinstance(body[0], If) for body in branches)
    if has_names:
        return (For((Name("name"), Name("module")), call("self.named_modules"), (If(whole),)),)
    return (For((Name("module"),), call("self.modules"), (If(whole),)),)


def _branch(kind: _Kind) -> tuple[Statement, ...]:
    """The usual start, after those of single layers by their names."""
    usual = kind.usual()
    others: dict[Reset, list[str]] = {}
    for path, reset in kind.resets.items():
        if reset != usual:
            others.setdefault(reset, []).append(path)
    module = Name("module")
    end = (Do(_call(module, usual)),)
    if not others:
        return end
    named = tuple(
        (Among(Name("name"), Tuple(tuple(map(Literal, paths)))), (Do(_call(module, reset)),))
        for reset, paths in others.items()
    )
    return (If(named, end),)


def _is_instance(names: list[Name]) -> Call:
    """`isinstance(module, (nn.Conv2d, nn.Linear))`."""
    return call("isinstance", Name("module"), names[0] if len(names) == 1 else Tuple(tuple(names)))
