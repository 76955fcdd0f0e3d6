"""What a value of the wrong type plainly means: a number in quotes, a percentage, `yes`, another framework's word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pydantic import BaseModel

from archc.language.fields import declared, field_names, field_of, mistakes_in, model_at, required, template, words_of
from archc.language.mistakes.unknown_fields import lacking
from archc.language.mistakes.vocabulary import certain, folded
from archc.language.section import Choice
from archc.ops.foreign import sides, spelled
from archc.wording import joined

if TYPE_CHECKING:
    from decimal import Decimal

_WHOLE = "-?(0|[1-9][0-9]{0,17})"
_NUMBERS = {
    "int_type": _WHOLE,
    "size": _WHOLE,
    "padding": _WHOLE,
    "float_type": _WHOLE + r"(\.[0-9]{1,20})?(e[-+]?[0-9]{1,2})?",
}
"""Kinds of errors of fields that take numbers, and the spellings of a number that can only be read in one way."""

_WORDS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
# A single point may be that of a decimal; narrow spaces are those of typeset numbers.
_GROUPED = re.compile(
    r"[1-9][0-9]{0,2}(((?P<mark>[_,' \u00a0\u2009\u202f])[0-9]{3})((?P=mark)[0-9]{3}){0,4}|(\.[0-9]{3}){2,5})\Z",
    re.ASCII,
)
_POINT = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}\Z", re.ASCII)
_PERCENT = re.compile(r"(?P<number>[0-9]{1,6}(\.[0-9]{1,6})?) ?%\Z", re.ASCII)
_FRACTION = re.compile(r"(?P<over>[0-9]{1,6}) ?/ ?(?P<under>[1-9][0-9]{0,5})\Z", re.ASCII)
_MILLIONS = re.compile(
    r"[~≈]? ?(?P<number>[0-9]{1,6}([.,][0-9]{1,6})?) ?(?P<unit>[KkMBG]|[Tt]housand|[Mm]io|[Mm]illions?|[Bb]illions?)"
    r"( (parameters|params|weights|MACs))?\Z",
    re.ASCII,
)
_THOUSANDS = {"k": 10**3, "t": 10**3, "m": 10**6, "b": 10**9, "g": 10**9}
_BYTES = re.compile(r"[~≈]? ?(?P<number>[0-9]{1,6}(\.[0-9]{1,6})?) ?(?P<unit>[KMG]i?)B\Z", re.ASCII)
_FLOAT32 = 4
_EXTENTS = re.compile(r"[(\[]? ?[0-9]{1,6}( ?[x×*,] ?[0-9]{1,6}){2,3} ?[)\]]?\Z", re.ASCII)
_COMMA = re.compile(r"(?P<whole>[0-9]{1,6}),(?P<part>[0-9]{1,6})\Z", re.ASCII)
_SIDES = re.compile(r"[(\[]? ?([0-9]{1,9}) ?[x×*, ] ?([0-9]{1,9}) ?[)\]]?\Z", re.ASCII)
_MEMORY = re.compile(r"(?P<number>[0-9]{1,6}(\.[0-9]{1,3})?) ?(?P<unit>[KMGTkmgt](i?[Bb]|i)?)\Z", re.ASCII)
_UNITS = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_DECIMAL = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
# A number without a unit up to this one is more likely of GiB than of MiB.
_MOST_GIB = 256
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,200}\Z", re.ASCII)
_INNER = "the other axes are those of the batch and of the channels"
_ROWS = "the rows come first: [[top, bottom], [left, right]]"
# A whole number above this is not written as a float with a fraction of 0.
_LARGEST = 2**53


class Meant(NamedTuple):
    """The help for a value, if its meaning is plain, the text to write, if it is certain, and why it means that."""

    help: str | None = None
    text: str | None = None
    note: str = ""


def meant(value: object, kind: str, model: type[BaseModel] | None, field: str) -> Meant:
    """What a value means that is of the wrong kind for a field of a model."""
    if model is not None and isinstance(value, str) and (words := _other_values(model, field)):
        other = words.get(folded(value))
        if other is not None:
            return Meant(f"write `{field}: {spelled(other)}`", spelled(other))
    form = declared(model, "absent_forms").get(field) if model is not None else None
    if isinstance(form, str) and kind in ("literal_error", "divisor") and type(value) in (int, float, list):
        return Meant(form)
    inside = model_at(model, [field])
    if inside is not None:
        found = _mapping(value, inside, model, field)
        return Meant(form) if found.help is None and isinstance(form, str) else found
    if model is not None and (found := _alone(value, model, field)).help:
        return found
    if kind == "less_than" and model is not None and type(value) is int and not mistakes_in(model, field, value / 100):
        return Meant(f"did you mean `{spelled(value / 100)}`?", None, "a share of 1, not a percentage")
    found = _of_kind(value, kind, field)
    return Meant(form) if found.help is None and isinstance(form, str) and kind == "int_type" else found


def _of_kind(value: object, kind: str, field: str) -> Meant:
    """What a value means that is not a mapping."""
    if kind == "list_type":
        return _listed(value, field)
    if kind == "string_type" and type(value) in (int, float, bool):
        return Meant("put it in quotes")
    if kind == "memory":
        return _memory(value)
    if kind == "bool_type":
        return _switch(value)
    if field == "parameters" and isinstance(value, str) and (match := _BYTES.match(value)):
        return _bytes(value, match)
    if kind in ("size", "padding") and type(value) in (str, list):
        found = _sides(value) if kind == "size" or type(value) is str else _margins(value)
        if found.help:
            return found
    if field == "kernel" and (shape := _weights_shape(value)):
        return shape
    return _number(value, kind)


def _listed(value: object, field: str) -> Meant:
    """Names where a list of them is needed: one, several in a string, or the values of a mapping."""
    names: list[object] = []
    if isinstance(value, str):
        names += re.split(r"[,;\s]+", value)
    elif isinstance(value, dict):
        names += cast(dict[str, object], value).values()
    if not names or not all(isinstance(name, str) and _PATH.match(name) for name in names):
        return Meant()
    text = spelled(names)
    return Meant(f"write `{field}: {text}`", text if isinstance(value, str) else None)


def _mapping(value: object, model: type[BaseModel], parent: type[BaseModel] | None, field: str) -> Meant:
    """A word where a mapping is needed: the key of one, in archc's or another framework's spelling."""
    allowed = field_names(model)
    info = field_of(parent, field)
    is_needed = info is None or info.is_required()
    if not allowed:
        return Meant(f"write `{field}: {{}}`")
    if not is_needed and (value is False or value in ("none", "no", "off")):
        return Meant(f"delete `{field}`")
    takers = [name for name in allowed if not mistakes_in(model, name, value)]
    if len(takers) == 1 and isinstance(value, str | int | float):
        return _in_field(value, takers[0], model, field)
    if issubclass(model, Choice) and takers and type(value) in (int, float):
        return Meant(" or ".join(f"write `{field}: {{{name}: {spelled(value)}}}`" for name in takers))
    if type(value) in (int, float):
        needed = [name for name in required(model) if name in takers]
        return _in_field(value, needed[0], model, field) if len(needed) == 1 else Meant()
    if not isinstance(value, str):
        return Meant()
    key = certain(value, allowed)
    if key is None and len(allowed) > 1:
        choices = [f"`{name}`" for name in model.one_of] if issubclass(model, Choice) else []
        known = f"write `{field}: {template(model)}`; it is one of {joined(choices, 'and')}" if choices else None
        return Meant(lacking(value, model) or known)
    if key is not None and issubclass(model, Choice) and not model_at(model, [key]):
        return Meant()  # such as a warm-up by a word
    fields = template(model_at(model, [key or allowed[0]]))
    text = f"{{{key or allowed[0]}: {fields}}}"
    if key is None:
        delete = "" if is_needed else f", or delete `{field}`"
        return Meant(f"`{allowed[0]}` is the only {field} so far: write `{field}: {text}`{delete}")
    return Meant(f"write `{field}: {text}`", text if fields == "{}" else None)


def _alone(value: object, model: type[BaseModel], field: str) -> Meant:
    """The only value of a mapping where none is needed: `clip: {norm: 1}`."""
    values = [*cast(dict[str, object], value).values()] if isinstance(value, dict) else []
    if len(values) != 1 or mistakes_in(model, field, values[0]):
        return Meant()
    return Meant(f"write `{field}: {spelled(values[0])}`")


def _in_field(value: object, own: str, model: type[BaseModel], field: str) -> Meant:
    """A value where a mapping is needed that only one field of it takes."""
    text = template(model, values={own: value})
    if own not in required(model):
        text = f"{{{own}: {spelled(value)}, {text[1:]}" if text != "{}" else f"{{{own}: {spelled(value)}}}"
    words = {name: words_of(model, name) for name in required(model) if name != own}
    choices = [f"`{name}` one of {', '.join(several)}" for name, several in words.items() if len(several) > 1]
    return Meant(f"write `{field}: {text}`" + (f", with {' and '.join(choices)}" if choices else ""))


def _other_values(model: type[BaseModel], field: str) -> Mapping[str, object]:
    """The words of a class, added to those of its bases."""
    declared_by = [vars(base).get("other_values", {}).get(field, {}) for base in reversed(model.__mro__)]
    return {folded(word): value for words in declared_by for word, value in cast(Mapping[str, Any], words).items()}


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
        case [1, int(height), int(width), 1] | [1, 1, int(height), int(width)]:
            # Of [1, 1, 2, 1], either axis can be the one of the channels.
            is_certain = value not in ([1, 1, height, 1], [1, 1, width, 1]) or height == width
            return _in_pixels([height, width], _INNER, certain=is_certain)
        case _:
            return Meant()


def _weights_shape(value: object) -> Meant | None:
    """The shape of a kernel's weights, with the number of the maps that it reads or gives before or after its sides."""
    if isinstance(value, str) and _EXTENTS.match(value):
        value = [int(number) for number in re.findall("[0-9]+", value)]
    note = "the depth of a kernel follows from the maps of its input"
    match value:
        case [int(height), int(width), int()] if height == width:
            return _in_pixels([height, width], note)
        case [int(), int(height), int(width)] if height == width:
            return _in_pixels([height, width], note)
        case [int(height), int(width), int(), int(filters)] if height == width != filters:
            return _in_pixels([height, width], f"{note}, and {filters} is its number of filters")
        case [int(filters), int(), int(height), int(width)] if height == width:
            return _in_pixels([height, width], f"{note}, and {filters} is its number of filters")
        case _:
            return None


def _bytes(value: str, match: re.Match[str]) -> Meant:
    """The size of a file with the parameters, not their number."""
    from decimal import Decimal  # as below

    prefix, *binary = match["unit"].lower()
    unit = _UNITS[f"{prefix}ib"] if binary else _DECIMAL[prefix]
    number = int(Decimal(match["number"]) * unit) // _FLOAT32
    note = f"{value} is their size in bytes: in float32, of {_FLOAT32} bytes each, about {number:,} parameters"
    return Meant(f"write their number, such as `{number}`", None, note)


def _margins(value: object) -> Meant:
    """The padding of each side, in the orders of ONNX and of TensorFlow."""
    match value:
        case [int(top), int(left), int(bottom), int(right)]:
            note = "ONNX's order is [top, left, bottom, right]; other frameworks have others"
            is_one = top == left == bottom == right
            return _in_pixels([top, bottom, left, right], "" if is_one else note, certain=is_one)
        case [[int(top), int(bottom)], [int(left), int(right)]]:
            return _in_pixels([top, bottom, left, right], _ROWS)
        case [[0, 0], [int(top), int(bottom)], [int(left), int(right)], [0, 0]]:
            is_certain = (top, bottom) != (0, 0) or (left, right) == (0, 0)
            return _in_pixels([top, bottom, left, right], _INNER, certain=is_certain)
        case [[0, 0], [0, 0], [int(top), int(bottom)], [int(left), int(right)]]:
            return _in_pixels([top, bottom, left, right], _INNER)
        case _:
            return _sides(value)


def _in_pixels(sizes: list[int], note: str, *, certain: bool = True) -> Meant:
    """[height, width] or the four margins in the shortest form."""
    top, bottom, left, right = sizes if len(sizes) == 4 else (sizes[0], sizes[0], sizes[1], sizes[1])
    text = spelled(sides(top, bottom, left, right))
    return Meant(f"write `{text}`" if certain else f"did you mean `{text}`?", text if certain else None, note)


def _memory(value: object) -> Meant:
    """A size of memory in other units; GB is taken for GiB, but not for certain."""
    if type(value) is int and value > 0:
        if value % _UNITS["mib"] == 0 and (text := _in_units(value)):
            return Meant(f"write `{text}`", text, f"{value:,} bytes")
        unit = "GiB" if value <= _MOST_GIB else "MiB"
        return Meant(f"did you mean `{value}{unit}`?" if value < 10**6 else None)
    match = _MEMORY.match(value) if isinstance(value, str) else None
    if match is None:
        return Meant()
    from decimal import Decimal  # as below

    prefix, rest = match["unit"][0].lower(), match["unit"][1:].lower()
    text = _in_units(Decimal(match["number"]) * _UNITS[f"{prefix}ib"])
    if text is None:
        return Meant()
    if rest in ("i", "ib"):
        return Meant(f"write `{text}`", text)
    of_ten = int(Decimal(match["number"]) * _DECIMAL[prefix]) // _UNITS["mib"]
    return Meant(f"did you mean `{text}`?", None, f"in powers of ten, {value} is {of_ten}MiB")


def _in_units(size: int | Decimal) -> str | None:
    """A number of bytes as a spec writes it, if it can."""
    for unit, name in (("gib", "GiB"), ("mib", "MiB")):
        if size % _UNITS[unit] == 0 and 0 < size // _UNITS[unit] < 10**6:
            return f"{int(size // _UNITS[unit])}{name}"
    return None


def _number(value: object, kind: str) -> Meant:
    if kind not in _NUMBERS:
        return Meant()
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return Meant(f"write `{int(value)}`", str(int(value)))
    if not isinstance(value, str):
        return Meant()
    if kind == "int_type" and _POINT.match(value):
        return Meant(f"did you mean `{value.replace('.', '')}`?", None, "a point in place of a comma between thousands")
    if re.fullmatch(_NUMBERS["float_type"], value):
        return Meant(f"write {value} without quotes", value if re.fullmatch(_NUMBERS[kind], value) else None)
    if _GROUPED.match(value):
        text = re.sub("[^0-9]", "", value)
        return Meant(f"write `{text}`", text)
    if kind == "float_type":
        return _part(value)
    return _rounded(value) if kind == "int_type" else Meant()


def _rounded(value: str) -> Meant:
    """A number in thousands, millions or billions."""
    match = _MILLIONS.match(value)
    if match is None:
        return Meant()
    from decimal import Decimal  # as below

    whole = Decimal(match["number"].replace(",", ".")) * _THOUSANDS[match["unit"][0].lower()]
    return Meant(f"write `{int(whole)}`") if whole == int(whole) else Meant()


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
