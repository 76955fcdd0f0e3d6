"""Layers as in a program, `conv2d(64, 3)` or `c1 + image`, and values without the names of their fields."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from archc.language.fields import NAME, field_names, required, template
from archc.language.mistakes.vocabulary import certain
from archc.ops import ops
from archc.ops.op import Op

NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?([eE][-+]?[0-9]{1,2})?\Z", re.ASCII)
_CALL = re.compile(r"(?P<op>[A-Za-z_][A-Za-z0-9_.]{0,63})\s*\((?P<values>[^()]{0,200})\)\Z", re.ASCII)
_SUM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}(\s*\+\s*[A-Za-z][A-Za-z0-9_]{0,63}){1,8}\Z", re.ASCII)
_NAMED = re.compile(r"(?P<field>[A-Za-z_][A-Za-z0-9_]{0,63})\s*=\s*(?P<value>[A-Za-z0-9_.-]+)\Z", re.ASCII)


def positional(op: type[Op], values: list[str], given: Container[str]) -> dict[str, str] | None:
    """The values without names by the fields that they can only mean; None where an order is not certain.

    Every framework lists what must be written first, and in the order in which `archc fmt` writes it. With more values,
    one of them may be of a field that archc does not have, such as PyTorch's `in_channels`.
    """
    needed = [field for field in required(op) if field != "op"]
    names = [field for field in op.leading if field in needed] if len(needed) > 1 else needed
    if len(values) > len(names) or not {*needed} <= {*names} or any(name in given for name in names[: len(values)]):
        return None
    return dict(zip(names, values, strict=False))


def as_layer(text: str) -> str | None:
    """The layer that a call of an op or a sum of layers means, as a spec writes it; None if it is neither."""
    text = text.strip()
    if _SUM.match(text):
        names = [name.strip() for name in text.split("+")]
        op = next((name for name, each in ops().items() if each.operator == "+"), None)
        return f"{{op: {op}, from: [{', '.join(names)}]}}" if op else None
    call = _CALL.match(text)
    own = _own(call["op"]) if call else None
    if call is None or own is None:
        return None
    values = [value.strip() for value in call["values"].split(",") if value.strip()]
    fields = _fields(ops()[own], values)
    if fields is None:
        return template(ops()[own])
    shown = {"op": own, **fields, **{field: "…" for field in required(ops()[own]) if field not in (*fields, "op")}}
    return f"{{{', '.join(f'{field}: {value}' for field, value in shown.items())}}}"


def _own(word: str) -> str | None:
    return word if word in ops() else certain(word, ops())


def _fields(op: type[Op], values: list[str]) -> Mapping[str, str] | None:
    """The fields of an op that is called with some values; None if they are not certain."""
    if values and all(map(NAME.match, values)):
        return {"from": values[0] if len(values) == 1 else f"[{', '.join(values)}]"}
    allowed = field_names(op)
    pairs = [found for value in values if (found := _NAMED.match(value))]
    named = {certain(found["field"], allowed) or found["field"]: found["value"] for found in pairs}
    numbers = [value for value in values if NUMBER.match(value)]
    if len(named) + len(numbers) < len(values):
        return None
    found = positional(op, numbers, named)
    return None if found is None else {**found, **named}
