"""The table of rules, and what a rule may return.

A rule returns one module, or two of which the first pads, in a tuple or, for an op that needs no module, an expression
of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from archc.emit.plan import Step
from archc.emit.rules import Rules
from archc.emit.syntax import Call, Expression
from archc.ops.op import Op
from archc.passes.axes import Order

Modules = tuple[Call, ...]
"""One module, or two that are applied one after the other."""

RULES = Rules[Modules | Expression]("torch", "PyTorch")

ORDERS: dict[type[Op], Order] = {}
"""Where a rule expects the channels of the sequences that it reads, and gives those of its output, if that differs from
the op's `sequence_order`: `first` is (N, C, L), `last` is (N, L, C), `any` is that of its first input, and `step.axis`
is the axis of the channels."""

OpClass = TypeVar("OpClass", bound=Op)
Written = Modules | Expression


def rule(
    op: type[OpClass], *, order: Order | None = None
) -> Callable[[Callable[[OpClass, Step], Written]], Callable[..., Written]]:
    """Register the decorated function as the rule for an op; `order` is one that the op does not state itself."""
    if order is not None:
        ORDERS[op] = order
    return RULES.register(op)
