"""What another framework's name of an op stands for: the values that fields have there by default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from archc.language.mistakes.vocabulary import folded
from archc.ops.op import Op, name_of


def usual_values(op: type[Op], written: str, data: Mapping[str, object]) -> dict[str, object]:
    """The values of fields by default in the framework in whose words the op is written, beside those that it has."""
    known = dict(data)
    for field, value in usual(op, written).items():
        if field not in known and (found := value_of(value, known)) is not None:
            known[field] = found
    return {field: value for field, value in known.items() if field not in data}


def usual(op: type[Op], written: str) -> Mapping[str, object]:
    """What the op declares for a name: as it is written, or else written in another way."""
    if written == name_of(op):
        return {}
    plain_word = written.rpartition(".")[2]
    same = (values for name, values in op.usual.items() if folded(name) == folded(written))
    return op.usual.get(plain_word) or next(same, cast(Mapping[str, object], {}))


def value_of(value: object, known: Mapping[str, object]) -> object:
    """A default as a value; None if it depends on a field that is missing, or on the framework."""
    if isinstance(value, str):
        return known.get(value)
    if callable(value):
        return cast(Callable[[Mapping[str, Any]], object], value)(known)
    return None if isinstance(value, Mapping) else value
