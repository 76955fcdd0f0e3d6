"""How a network's weights are initialised: a line per layer, or a loop over the modules of a network with blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from archc.emit.plan import Initialisation, SourcePlan
from archc.emit.syntax import Among, Argument, Call, Do, For, Function, If, Literal, Name, Statement, Tuple, call, names
from archc_torch.initialisers import begin, inline
from archc_torch.layers import TorchLayer

MODULE = Name("module")


LINEAR = Name("nn.Linear")
"""The class of a module inside of a layer's own."""


@dataclass(frozen=True)
class Start:
    """How a module begins: by its own `reset_parameters` or not, and with the weights that are drawn.

    `place` is the module inside of the layer's own, such as the `qkv` of an attention; empty for the layer's own.
    """

    place: str = ""
    draws: tuple[Initialisation, ...] = ()
    resets: bool = True

    def path(self, layer: str) -> str:
        """Where the module is, from where the layer's own is."""
        return f"{layer}.{self.place}" if self.place else layer

    def calls(self, module: Name) -> tuple[Call, ...]:
        return (*self._reset(module), *(begin(draw, module) for draw in self.draws))

    def inline(self, module: Name) -> tuple[Call, ...] | None:
        """The same with PyTorch's own functions only; None if it lacks one."""
        drawn = [inline(draw, module) for draw in self.draws]
        if None in drawn:
            return None
        return (*self._reset(module), *(each for calls in drawn for each in calls or ()))

    def _reset(self, module: Name) -> tuple[Call, ...]:
        return (call(f"{module.text}.reset_parameters"),) if self.resets else ()


def resets(planned: SourcePlan) -> dict[str, tuple[Start, ...]]:
    """How each layer that has weights is initialised, by its identifier."""
    drawn: dict[str, dict[str, list[Initialisation]]] = {}
    for each in planned.initialisations:
        drawn.setdefault(each.identifier, {}).setdefault(each.place, []).append(each)
    found: dict[str, tuple[Start, ...]] = {}
    for step in planned.steps:
        if step.path is not None:
            continue  # a step that the backend has added
        parameters = step.node.op.parameters(step.inputs)
        if step.identifier in drawn:
            has_bias = any(parameter.is_bias for parameter in parameters)
            found[step.identifier] = tuple(
                Start(place, tuple(draws), resets=has_bias and not draws[0].may_have_bias)
                for place, draws in drawn[step.identifier].items()
            )
        elif parameters:
            found[step.identifier] = (Start(),)
    return found


def initialised(planned: SourcePlan, layers: Mapping[str, TorchLayer]) -> set[str]:
    """The classes of the modules whose weights and biases the file's own functions draw."""
    own = (each for each in planned.initialisations if each.may_have_bias)
    return {_kind_of(layers[each.identifier], each.place).text for each in own}


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
        body = tuple(
            Do(each)
            for identifier, starts in found.items()
            for start in starts
            for each in start.calls(Name(start.path(f"self.{identifier}")))
        )
    return (Function("reset_parameters", "self", "None", body),)


@dataclass
class _Kind:
    """The modules of one class: how each is initialised, by its place."""

    name: Name
    starts: dict[str, Start] = field(default_factory=dict[str, Start])

    def calls(self) -> dict[str, tuple[Call, ...]]:
        """By PyTorch's own functions, if all have a bias or none has; else by those of the file, which test for one.

        A layer without a bias has none to fill, so it is given the value of others that begin as it does.
        """
        filled = {draw.bias is not None for start in self.starts.values() for draw in start.draws}
        # Only of a linear layer do checkers know that it has a bias.
        if filled <= {False} or (filled == {True} and self.name == LINEAR):
            own = {path: start.inline(MODULE) for path, start in self.starts.items()}
            found = {path: calls for path, calls in own.items() if calls is not None}
            if len(found) == len(own):
                return found
        biases: dict[str, float] = {}
        for start in self.starts.values():
            for draw in start.draws:
                if draw.bias is not None:
                    biases.setdefault(_without_bias(draw), draw.bias)
        return {
            path: replace(start, draws=tuple(replace(draw, bias=_bias(draw, biases)) for draw in start.draws)).calls(
                MODULE
            )
            for path, start in self.starts.items()
        }


def _bias(layer: Initialisation, biases: Mapping[str, float]) -> float | None:
    return biases.get(_without_bias(layer)) if layer.bias is None else layer.bias


def _without_bias(layer: Initialisation) -> str:
    return repr(begin(replace(layer, bias=None), MODULE))


def _loop(
    found: Mapping[str, tuple[Start, ...]], layers: Mapping[str, TorchLayer], paths: Mapping[str, str]
) -> tuple[Statement, ...]:
    kinds: dict[str, _Kind] = {}
    for identifier, starts in found.items():
        layer = layers[identifier]
        for start in starts:
            kind = _kind_of(layer, start.place)
            kinds.setdefault(kind.text, _Kind(kind)).starts[start.path(paths[identifier])] = start
    branches: dict[tuple[Statement, ...], list[Name]] = {}
    for kind in kinds.values():
        branches.setdefault(_branch(kind.calls()), []).append(kind.name)
    whole = tuple((_is_instance(names), body) for body, names in branches.items())
    if any(isinstance(body[0], If) for body in branches):
        return (For((Name("name"), MODULE), call("self.named_modules"), (If(whole),)),)
    return (For((MODULE,), call("self.modules"), (If(whole),)),)


def _kind_of(layer: TorchLayer, place: str) -> Name:
    """The class of a layer's module, or of the one inside of it at a place."""
    return LINEAR if place else _class_of(layer.modules[layer.step.identifier])


def _class_of(module: Call) -> Name:
    """The class of a module; a function may be applied to it, as in `unscaled(nn.BatchNorm2d(64))`."""
    match module.arguments:
        case (Argument(value=Call() as inner), *_):
            return _class_of(inner)
        case _:
            assert isinstance(module.function, Name)
            return module.function


def functions(body: Iterable[Statement]) -> Iterator[Name]:
    """The names of all functions that the body of `reset_parameters` calls."""
    for line in body:
        if isinstance(line, Do):
            yield from names(line.value)
        elif isinstance(line, For):
            yield from functions(line.body)
        elif isinstance(line, If):
            for _, branch in line.branches:
                yield from functions(branch)
            yield from functions(line.otherwise)


def _branch(calls: Mapping[str, tuple[Call, ...]]) -> tuple[Statement, ...]:
    """The usual start of a class of layers, after those of single layers by their names."""
    counts = Counter(calls.values())
    usual = max(counts, key=lambda each: counts[each])
    others: dict[tuple[Call, ...], list[str]] = {}
    for path, own in calls.items():
        if own != usual:
            others.setdefault(own, []).append(path)
    if not others:
        return tuple(map(Do, usual))
    named = tuple(
        (Among(Name("name"), Tuple(tuple(map(Literal, paths)))), tuple(map(Do, own))) for own, paths in others.items()
    )
    return (If(named, tuple(map(Do, usual))),)


def _is_instance(names: list[Name]) -> Call:
    """`isinstance(module, (nn.Conv2d, nn.Linear))`."""
    return call("isinstance", MODULE, names[0] if len(names) == 1 else Tuple(tuple(names)))
