"""The network's `load`, which reads a run's weights: they have the spec's names, and a `state_dict` has others."""

from __future__ import annotations

from collections.abc import Mapping

from archc.emit.plan import SourcePlan
from archc.emit.prose import LOADED
from archc.emit.syntax import (
    Assign,
    Dict,
    Do,
    Expression,
    Fixed,
    Function,
    Import,
    Literal,
    Name,
    Return,
    Statement,
    call,
)
from archc_torch.parameters import in_torch

NAMED = "named"
"""The snippet that gives weights other names."""


def load(planned: SourcePlan, paths: Mapping[str, str]) -> Function:
    """The class method. `paths` are the places of the modules, by identifier."""
    read: Expression = call("load_file", Name("path"))
    body: list[Statement] = []
    if names := _other_names(planned, paths):
        body.append(Assign(Name("names"), Dict(tuple((key, Literal(other), None) for key, other in names.items()))))
        read = call(NAMED, read, Name("names"))
    return Function(
        "load",
        "cls, path: str",
        "Self",
        (
            Import("safetensors.torch", ("load_file",)),
            *body,
            Assign(Name("model"), call("cls")),
            Do(call("model.load_state_dict", read)),
            Return(call("model.eval")),
        ),
        doc=f"{LOADED}, in eval mode.",
        decorators=(Fixed("classmethod"),),
    )


def _other_names(planned: SourcePlan, paths: Mapping[str, str]) -> dict[str, str]:
    """What a `state_dict` calls otherwise: parameters, or of layers that are renamed, whole keys."""
    names: dict[str, str] = {}
    for step in planned.steps:
        if step.path is not None:
            continue  # a step that the backend has added
        for parameter in step.node.op.parameters(step.inputs):
            path, module, own = step.node.name, paths[step.identifier], in_torch(parameter.name)
            if path != module:
                names[f"{path}.{parameter.name}"] = f"{module}.{own}"
            elif parameter.name != own:
                names[parameter.name.rpartition(".")[2]] = own.rpartition(".")[2]
    return names
