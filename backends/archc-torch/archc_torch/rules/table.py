"""The table of rules, and what a rule may return.

A rule returns one module, or two of which the first pads, in a tuple or, for an op that needs no module, an expression
of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from archc.emit.plan import Step
from archc.emit.rules import Rules
from archc.emit.syntax import Call, Expression
from archc.ops.op import Op

Modules = tuple[Call, ...]
"""One module, or two that are applied one after the other."""

RULES = Rules[Modules | Expression]("torch", "PyTorch")

Order = Literal["first", "last", "any"]
"""Where a rule expects the channels of the sequences that it reads, and gives those of its output: `first` is
(N, C, L), `last` is (N, L, C), `any` is that of its first input, and `step.axis` is the axis of the channels."""
ORDERS: dict[type[Op], Order | Callable[[Any], Order]] = {}

OpClass = TypeVar("OpClass", bound=Op)
Written = Modules | Expression


def rule(
    op: type[OpClass], *, order: Order | Callable[[OpClass], Order] = "first"
) -> Callable[[Callable[[OpClass, Step], Written]], Callable[..., Written]]:
    """Register the decorated function as the rule for an op, with the order of axes of its sequences, which may depend
    on the layer's fields."""
    ORDERS[op] = order
    return RULES.register(op)
