"""How a backend writes each op: one rule per op, registered by the op's class.

    rules = Rules[Layers]("torch", "PyTorch")
    rule = rules.register

    @rule(Conv2d)
    def conv2d(op: Conv2d, step: Step) -> Layers: ...

A distribution that brings an op of its own brings the rules for it too: an entry point of the group `archc.rules` whose
name is the backend's names a module, which registers its rules when it is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from archc.backend import Unsupported
from archc.emit.plan import Step
from archc.entry_points import RULES, imported, installed
from archc.failure import Failure
from archc.ops.op import Op, name_of

Written = TypeVar("Written")
OpClass = TypeVar("OpClass", bound=Op)


class Rules(Generic[Written]):
    """The rules of one backend: `backend` is its name, `framework` what messages call it."""

    def __init__(self, backend: str, framework: str) -> None:
        self._backend = backend
        self._framework = framework
        self._rules: dict[type[Op], Callable[[Any, Step], Written]] = {}

    def register(self, op: type[OpClass]) -> Callable[[Callable[[OpClass, Step], Written]], Callable[..., Written]]:
        """Register the decorated function as the rule for an op; raises Failure if the op has one.

        Raises TypeError for what a spec cannot ask for, such as a base class: its rule would never be used.
        """
        if not isinstance(op, type) or not issubclass(op, Op) or name_of(op) is None:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{op!r} is not the class of an op, so it cannot have a rule")

        def registered(rule: Callable[[OpClass, Step], Written]) -> Callable[..., Written]:
            if other := self._rules.get(op):
                both = f"{other.__module__} and {rule.__module__} both register a rule for `{name_of(op)}`"
                raise Failure(f"{both} with the backend `{self._backend}`", "uninstall the distribution of one of them")
            self._rules[op] = rule
            return rule

        return registered

    def __contains__(self, op: type[Op]) -> bool:
        """Whether an op has a rule, from the backend or from another distribution."""
        if op not in self._rules:
            self._all_imported  # noqa: B018  the rules of other distributions, needed only for their ops
        return op in self._rules

    def write(self, step: Step) -> Written:
        """The step as its op's rule writes it; raises Unsupported if there is none."""
        op = step.node.op
        if type(op) not in self:
            raise self.unsupported(step, f"`{op.op}`")
        rule = self._rules[type(op)]
        written = rule(op, step)
        if written is None:
            raise self.fault(step, "nothing")
        if any(x.is_free for x in step.inputs) and any(rule(op, other) != written for other in step.at_other_sizes()):
            raise self.unsupported(step, "different code at each free size")
        return written

    def fault(self, step: Step, returned: str) -> Failure:
        """The error for a rule that returned what its backend cannot write: `a str, not an expression`."""
        op = step.node.op
        rule = self._rules[type(op)]
        return Failure(f"the rule {rule.__module__}.{rule.__qualname__} for `{op.op}` returns {returned}")

    def unsupported(self, step: Step, what: str) -> Unsupported:
        """The error for a layer that the framework cannot compute faithfully."""
        name = step.node.name
        return Unsupported(name, f"{name} needs {what}, which the {self._framework} backend does not support")

    @cached_property
    def _all_imported(self) -> bool:
        for point in installed(RULES).get(self._backend, []):
            imported(point, "rules for the backend")
        return True


def described(written: object) -> str:
    """What a rule returned, for the message of its fault: `a str`, `a tuple of Call, str`."""
    kind = type(written).__name__
    if isinstance(written, tuple | list | dict):
        items = cast("Iterable[object]", written.values() if isinstance(written, dict) else written)
        held = ", ".join(type(item).__name__ for item in items)
        return f"a {kind} of {held}" if held else f"an empty {kind}"
    return f"{'an' if kind[0] in 'AEIOUaeiou' else 'a'} {kind}"
