"""What a class must declare to be an op; archc checks it once, before it uses an op of another distribution."""

from __future__ import annotations

import re
from collections.abc import Mapping

from archc.ops.op import Op, name_of

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_TEXTS = ("shape_rule", "failing", "corrected", "element_ops_words", "kept_words")
_OF_EVERY_LAYER = {"from", "expect"}


def fault(op: object, name: str) -> str | None:
    """What is wrong with the declaration of the op `name`, as the end of a sentence; None if nothing is."""
    if not isinstance(op, type) or not issubclass(op, Op):
        return "is not a subclass of Op"
    if name_of(op) != name or not _NAME.match(name):
        return f'does not declare `op: Literal["{name}"]`, in lower case'
    if missing := sorted(op.__abstractmethods__):
        return f"does not implement {', '.join(missing)}"
    if absent := [text for text in _TEXTS if not isinstance(getattr(op, text, None), str) or not getattr(op, text)]:
        return f"does not declare {', '.join(absent)}"
    return _fault_of_words(op) or _fault_of_fields(op)


def _fault_of_words(op: type[Op]) -> str | None:
    if not (op.__doc__ or "").strip() or op.__doc__ == op.__base__.__doc__:
        return "has no docstring"
    for names in (op.other_names, op.loose_names, op.leading):
        if not isinstance(names, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  a string is a likely mistake
            return f"declares {names!r} where a tuple of names is needed"
    if not isinstance(op.other_field_names, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        return "declares `other_field_names` that are not a mapping"
    return None


def _fault_of_fields(op: type[Op]) -> str | None:
    for name, field in op.model_fields.items():
        written = field.alias or name
        if written in _OF_EVERY_LAYER:
            return f"has a field `{written}`, which every layer has already"
        if name != "op" and not field.description:
            return f"has a field `{written}` without a description"
    return None
