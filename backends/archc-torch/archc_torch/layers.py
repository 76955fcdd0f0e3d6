"""Each step of a source plan as PyTorch modules."""

from __future__ import annotations

from dataclasses import dataclass

from archc.emit.plan import SourcePlan, Step
from archc.emit.syntax import Call, Expression
from archc_torch.rules import RULES


@dataclass(frozen=True)
class TorchLayer:
    """One step in PyTorch: modules by identifier, applied one after the other, or an expression of its inputs."""

    step: Step
    modules: dict[str, Call]
    comment: str
    """The shape of its output: `96 x 55 x 55`."""
    expression: Expression | None = None


def layer(planned: SourcePlan, step: Step) -> TorchLayer:
    """The step as its op's rule writes it; raises Unsupported."""
    comment = planned.comment(step.node.output)
    match RULES.write(step):
        case (padding, module):
            return TorchLayer(step, {planned.free(f"{step.identifier}_pad"): padding, step.identifier: module}, comment)
        case (module,):
            return TorchLayer(step, {step.identifier: module}, comment)
        case tuple() as modules:
            raise AssertionError(f"{len(modules)} modules")
        case expression:
            return TorchLayer(step, {}, comment, expression)
