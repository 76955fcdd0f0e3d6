"""Each step of a source plan as Keras layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from archc.emit.plan import Step
from archc.emit.rules import described
from archc.emit.syntax import Call
from archc_keras.rules import RULES


@dataclass(frozen=True)
class KerasLayer:
    """One step in Keras: layers by the suffix of their names, applied one after the other; the last has none."""

    step: Step
    calls: dict[str, Call]


def layer(step: Step) -> KerasLayer:
    """The step as its op's rule writes it; raises Unsupported, and Failure if the rule returns anything else."""
    written = RULES.write(step)
    if not _is_layers(written):
        raise RULES.fault(step, f"{described(written)}, not layers by suffix, of which the last is empty")
    if any(argument.keyword == "name" for value in written.values() for argument in value.arguments):
        raise RULES.fault(step, "a layer with a name, which archc gives it")
    return KerasLayer(step, written)


def _is_layers(written: object) -> bool:
    """Whether a rule returned Keras layers by suffix, the last of which has the step's name."""
    if not isinstance(written, dict):
        return False
    by_suffix = cast("dict[object, object]", written)
    is_typed = all(isinstance(suffix, str) and isinstance(value, Call) for suffix, value in by_suffix.items())
    return is_typed and [*by_suffix][-1:] == [""]
