"""Each step of a source plan as PyTorch modules."""

from __future__ import annotations

from dataclasses import dataclass

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


def _comment(planned: SourcePlan, step: Step) -> str:
    """The shape of a step's output, with the channels where they are."""
    x = step.node.output
    return planned.comment(Tensor(x.shape[::-1]) if x.is_sequence and step.axis == 2 else x)


def layer(planned: SourcePlan, step: Step) -> TorchLayer:
    """The step as its op's rule writes it; raises Unsupported, and Failure if the rule returns anything else."""
    comment = _comment(planned, step)
    match written := RULES.write(step):
        case (Call() as padding, Call() as module):
            return TorchLayer(step, {planned.free(f"{step.identifier}_pad"): padding, step.identifier: module}, comment)
        case (Call() as module,):
            return TorchLayer(step, {step.identifier: module}, comment)
        case _ if isinstance(written, Value):
            if set(map(Name, step.reads)).isdisjoint(names(written)):
                raise RULES.fault(step, f"{described(written)} that reads no input; a module must be in a tuple")
            return TorchLayer(step, {}, comment, written)
        case _:
            raise RULES.fault(step, f"{described(written)}, not one or two modules or an expression")
