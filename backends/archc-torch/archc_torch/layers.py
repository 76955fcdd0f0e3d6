"""Each step of a source plan as PyTorch modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archc.backend import every
from archc.emit.identifiers import free
from archc.emit.parts import Names
from archc.emit.plan import SourcePlan, Step
from archc.emit.rules import described
from archc.emit.syntax import Call, Expression, Name, Value, names
from archc.tensor import Tensor
from archc_torch.rules import RULES


@dataclass(frozen=True)
class TorchLayer:
    """One step in PyTorch: modules by identifier, applied one after the other, or an expression of its inputs."""

    step: Step
    modules: dict[str, Call]
    comment: str
    """The shape of its output: `96 x 55 x 55`."""
    expression: Expression | None = None


def comment(planned: SourcePlan, step: Step, x: Tensor | None = None) -> str:
    """The shape of a step's output, or of a part of it, with the channels where they are."""
    x = x or step.node.output
    return planned.comment(Tensor(x.shape[::-1]) if x.is_sequence and step.axis == 2 else x)


def layers_of(planned: SourcePlan, added: Mapping[str, TorchLayer] | None = None) -> dict[str, TorchLayer]:
    """The layers of a plan by identifier, under the names that they have in the source of their block.

    `added` are those of steps that no rule writes. Raises one Unsupported for all layers that PyTorch cannot express.
    """
    names = {
        step.identifier: local
        for part in (planned.root, *planned.root.blocks())
        for local in [planned.local(part)]
        for step in part.steps()
    }

    def written(step: Step) -> TorchLayer:
        local = names[step.identifier]
        reads = tuple(local.values[read] for read in step.reads)
        own = replace(step, identifier=local.values[step.identifier], reads=reads)
        if added and (made := added.get(step.identifier)):
            (module,) = made.modules.values()
            return replace(made, step=own, modules={own.identifier: module})
        return layer(planned, own, local)

    made = every(planned.steps, written)
    return {step.identifier: each for step, each in zip(planned.steps, made, strict=True)}


def layer(planned: SourcePlan, step: Step, local: Names) -> TorchLayer:
    """The step as its op's rule writes it; raises Unsupported, and Failure if the rule returns anything else."""
    shape = comment(planned, step)
    match written := RULES.write(step):
        case (Call() as padding, Call() as module):
            return TorchLayer(
                step, {free(f"{step.identifier}_pad", local.all): padding, step.identifier: module}, shape
            )
        case (Call() as module,):
            return TorchLayer(step, {step.identifier: module}, shape)
        case _ if isinstance(written, Value):
            if set(map(Name, step.reads)).isdisjoint(names(written)):
                raise RULES.fault(step, f"{described(written)} that reads no input; a module must be in a tuple")
            return TorchLayer(step, {}, shape, written)
        case _:
            raise RULES.fault(step, f"{described(written)}, not one or two modules or an expression")
