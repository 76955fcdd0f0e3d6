"""The network's class: its layers, their initialisation, what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archc.emit.parts import Part, key
from archc.emit.plan import SourcePlan
from archc.emit.prose import probabilities, promise
from archc.emit.step import Step
from archc.emit.syntax import Assign, Class, Do, Function, Name, Return, call, names
from archc_torch.bodies import Body
from archc_torch.classes import attributes, blocks, write
from archc_torch.layers import TorchLayer
from archc_torch.loading import load
from archc_torch.starting import functions, reset_parameters, resets


@dataclass(frozen=True)
class Model:
    """The classes of a file, the network's last, and the path in it of each layer's module by identifier."""

    classes: tuple[Class, ...]
    paths: Mapping[str, str]

    @property
    def has_forward(self) -> bool:
        """Whether any class has a method that takes tensors."""
        return any(function.name in ("forward", "predict") for each in self.classes for function in each.body)

    @property
    def starts(self) -> set[Name]:
        """The functions that initialise the weights."""
        found = (function for each in self.classes for function in each.body if function.name == "reset_parameters")
        return {name for function in found for name in functions(function.body)}

    @property
    def called(self) -> set[Name]:
        """The names in the network's methods apart from its constructor, such as that of a snippet."""
        lines = (line for function in self.classes[-1].body[1:] for line in function.body)
        return {name for line in lines if isinstance(line, Do) for name in names(line.value)}

    @property
    def loads(self) -> bool:
        """Whether the network can read its weights from a file."""
        return any(function.name == "load" for function in self.classes[-1].body)

    @property
    def is_ordered(self) -> bool:
        """Whether any class names the modules of a Sequential."""
        built = (line.value for each in self.classes for line in each.body[0].body if isinstance(line, Do | Assign))
        return any(Name("OrderedDict") in {*names(value)} for value in built)


def model(planned: SourcePlan, layers: Mapping[str, TorchLayer], *, loads: bool = False) -> Model:
    """A chain of modules as one Sequential; anything else as a Module with a `forward`. Before it, its blocks.

    `loads`: the network has a method that reads its weights from a file.
    """
    classes, body = blocks(planned, layers)
    paths = _paths(planned, planned.root, "")
    own = (load(planned, paths),) if loads else ()
    return Model((*classes, _network(planned, body, layers, paths, own)), paths)


def _network(
    planned: SourcePlan,
    body: Body,
    layers: Mapping[str, TorchLayer],
    paths: Mapping[str, str],
    more: tuple[Function, ...],
) -> Class:
    written, build = write(body), ()
    reset = reset_parameters(planned, layers, paths)
    if reset:
        build = (Do(call("self.reset_parameters")),)
    init = Function("__init__", "self", "None", (*written.build, *build))
    functions = (init, *reset, *written.forward, *_predict(planned), *more)
    named = {} if planned.has_blocks else resets(planned)
    return Class(planned.class_name, written.base, promise(planned), functions, attributes=attributes(body, named))


def _paths(planned: SourcePlan, part: Part, path: str) -> dict[str, str]:
    """The path in the model of each layer of a part, by its identifier."""
    local, found = planned.local(part), dict[str, str]()

    def follow(owner: Part, path: str) -> None:
        for item in owner.items:
            name = key(item)
            inner = path + (name if owner is not part or name.isdigit() else local.items[item.place])
            if isinstance(item, Step):
                found[item.identifier] = inner
            elif item.is_stage:
                follow(item, f"{inner}.")
            else:
                found.update(_paths(planned, item, f"{inner}."))

    follow(part, path)
    return found


def _predict(planned: SourcePlan) -> tuple[Function, ...]:
    """`predict` returns probabilities, if the final softmax or sigmoid is left to the loss."""
    if not planned.predicts_probabilities:
        return ()
    function = "evaluate" if len(planned.inputs) == 1 else "evaluate_on"
    logits = call(function, Name("self"), *map(Name, planned.inputs))
    is_softmax = planned.loss == "cross_entropy"
    body = (Return(call("nn.functional.softmax", logits, dim=1) if is_softmax else call("torch.sigmoid", logits)),)
    signature = ", ".join(("self", *(f"{name}: Tensor" for name in planned.inputs)))
    return (Function("predict", signature, "Tensor", body, doc=probabilities(planned)),)
