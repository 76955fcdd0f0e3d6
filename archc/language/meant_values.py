"""What a value of the wrong type plainly means: a number in quotes, a percentage, `yes`, another framework's word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from pydantic import BaseModel

from archc.language.unknown_fields import declared, field_names, field_of, lacking, model_at, template
from archc.language.vocabulary import certain, folded
from archc.ops.foreign import spelled

_WHOLE = "-?(0|[1-9][0-9]{0,17})"
_NUMBERS = {
    "int_type": _WHOLE,
    "size": _WHOLE,
    "padding": _WHOLE,
    "float_type": _WHOLE + r"(\.[0-9]{1,20})?(e[-+]?[0-9]{1,2})?",
}
"""Kinds of errors of fields that take numbers, and the spellings of a number that can only be read in one way."""

_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_GROUPED = re.compile(r"[1-9][0-9]{0,2}((?P<mark>[_,' ])[0-9]{3})((?P=mark)[0-9]{3}){0,4}\Z", re.ASCII)
_PERCENT = re.compile(r"(?P<number>[0-9]{1,6}(\.[0-9]{1,6})?) ?%\Z", re.ASCII)
_FRACTION = re.compile(r"(?P<over>[0-9]{1,6}) ?/ ?(?P<under>[1-9][0-9]{0,5})\Z", re.ASCII)
_COMMA = re.compile(r"(?P<whole>[0-9]{1,6}),(?P<part>[0-9]{1,6})\Z", re.ASCII)
_SIDES = re.compile(r"[(\[]? ?([0-9]{1,9}) ?[x×*, ] ?([0-9]{1,9}) ?[)\]]?\Z", re.ASCII)
# A whole number above this is not written as a float with a fraction of 0.
_LARGEST = 2**53


class Meant(NamedTuple):
    """The help for a value, if its meaning is plain, and the text to write, if it is certain."""

    help: str | None = None
    text: str | None = None


def meant(value: object, kind: str, model: type[BaseModel] | None, field: str) -> Meant:
    """What a value means that is of the wrong kind for a field of a model."""
    if model is not None and isinstance(value, str) and (words := _other_values(model, field)):
        other = words.get(folded(value))
        if other is not None:
            return Meant(f"write `{field}: {spelled(other)}`", spelled(other))
    if model is not None and type(value) in (int, float, list):
        form = declared(model, "absent_forms").get(field)
        if isinstance(form, str):
            return Meant(form)
    inside = model_at(model, [field])
    if inside is not None:
        return _mapping(value, inside, model, field)
    if kind == "string_type" and type(value) in (int, float, bool):
        return Meant("put it in quotes")
    if kind == "bool_type":
        return _switch(value)
    if kind in ("size", "padding") and type(value) in (str, list):
        found = _sides(value)
        if found.help:
            return found
    return _number(value, kind)


def _mapping(value: object, model: type[BaseModel], parent: type[BaseModel] | None, field: str) -> Meant:
    """A word where a mapping is needed: the key of one, in archc's or another framework's spelling."""
    allowed = field_names(model)
    if not isinstance(value, str) or not allowed:
        return Meant()
    key = certain(value, allowed)
    if key is None and len(allowed) > 1:
        return Meant(lacking(value, model))
    fields = template(model_at(model, [key or allowed[0]]))
    text = f"{{{key or allowed[0]}: {fields}}}"
    if key is None:
        info = field_of(parent, field)
        delete = "" if info is None or info.is_required() else f", or delete `{field}`"
        return Meant(f"`{allowed[0]}` is the only {field} so far: write `{field}: {text}`{delete}")
    return Meant(f"write `{field}: {text}`", text if fields == "{}" else None)


def _other_values(model: type[BaseModel], field: str) -> Mapping[str, object]:
    words = declared(model, "other_values").get(field, {})
    return {folded(word): value for word, value in cast(Mapping[str, Any], words).items()}


def _switch(value: object) -> Meant:
    if isinstance(value, str) and value.lower() in _WORDS:
        right = _WORDS[value.lower()]
        return Meant(f"write `{right}`", right)
    # Not certain: a number may be meant for another field, such as the value of a bias.
    return Meant(f"write `{str(bool(value)).lower()}`") if value in (0, 1) else Meant()


def _sides(value: object) -> Meant:
    """Height and width in one string, or one number in a list."""
    match value:
        case str() if sides := _SIDES.match(value):
            height, width = int(sides[1]), int(sides[2])
            text = str(height) if height == width else f"[{height}, {width}]"
            return Meant(f"write `{text}`", text)
        case [int(side)]:
            return Meant(f"write `{side}`", str(side))
        case _:
            return Meant()


def _number(value: object, kind: str) -> Meant:
    if kind not in _NUMBERS:
        return Meant()
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return Meant(f"write `{int(value)}`", str(int(value)))
    if not isinstance(value, str):
        return Meant()
    if re.fullmatch(_NUMBERS["float_type"], value):
        return Meant(f"write {value} without quotes", value if re.fullmatch(_NUMBERS[kind], value) else None)
    if _GROUPED.match(value):
        text = re.sub("[_,' ]", "", value)
        return Meant(f"write `{text}`", text)
    if kind == "float_type":
        return _part(value)
    return Meant()


def _part(value: str) -> Meant:
    """A percentage, a fraction, or a decimal comma."""
    if match := _PERCENT.match(value):
        return _exactly(match["number"], "100")
    if match := _FRACTION.match(value):
        return _exactly(match["over"], match["under"])
    if match := _COMMA.match(value):
        text = f"{match['whole']}.{match['part']}"
        return Meant(f"write `{text}`", text)
    return Meant()


def _exactly(over: str, under: str) -> Meant:
    """The quotient as a decimal; certain if it is one of a few digits."""
    from decimal import Decimal  # only for a spec with a percentage or a fraction, for the time of start-up

    quotient = Decimal(over) / Decimal(under)
    text = spelled(float(quotient))
    return Meant(f"write `{text}`", text if len(quotient.as_tuple().digits) <= 12 else None)
