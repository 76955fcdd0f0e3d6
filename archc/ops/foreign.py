"""What an op declares of fields that other frameworks write and that are more than another name for one of its own.

A field can be needless here, such as `in_channels`, or its value can change with its name: TensorFlow's
`depth_radius: 2` is `size: 5`. `archc check` explains both, and `--fix` makes the change where it is certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

if TYPE_CHECKING:
    from decimal import Decimal

    from archc.tensor import Tensor


_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})? ?%\Z", re.ASCII)


class Needless(NamedTuple):
    """A field of other frameworks without a counterpart: why archc needs none, and the values that change nothing.

    `why` is the end of "delete `inplace`: …". `inferred` gives the values that the field can only have, from the
    shape of the layer's input. Where another value is given elsewhere, `instead` says where, from the value or not.
    """

    why: str
    same: tuple[object, ...] | Literal["any"] = ()
    inferred: Callable[[Tensor], tuple[object, ...]] | None = None
    instead: str | Callable[[object], str] = ""


_NOTHING: Mapping[str, object] = {}


class Converted(NamedTuple):
    """Foreign fields in archc's words.

    `fields` has for each foreign field the own field and its value, or None if the field goes into another one.
    `notes` have the arithmetic, and `also` own fields to write with them. It is not `certain` if the author may have
    meant another value. Where archc has no counterpart, `help` says what to do instead.
    """

    fields: Mapping[str, tuple[str, object] | None]
    notes: tuple[str, ...] = ()
    certain: bool = True
    also: Mapping[str, object] = _NOTHING
    help: str = ""


class Conversion(NamedTuple):
    """Foreign fields whose values change with their names.

    `convert` is given the values of those of the fields in `reads` that are written, by the names in `reads`; the
    first one always is. It returns None if the values are no values of such fields. With `names`, it applies only to
    an op that is written with one of these foreign names.
    """

    reads: tuple[str, ...]
    convert: Callable[[Mapping[str, Any]], Converted | None]
    names: tuple[str, ...] = ()


class Unlikely(NamedTuple):
    """A value of a field that is allowed, but more likely meant as another framework means it."""

    field: str
    message: str
    note: str
    help: str


NeedlessFields = Mapping[str, Needless]
"""By their names, fields of other frameworks that an op does not need."""

Excluded = Mapping[str, Callable[[Mapping[str, Any]], str | None]]
"""By another framework's name of an op, the field with its value that makes a layer of this name another op, from the
layer's fields; None if it is this one."""

Chosen = Mapping[str, Callable[[Mapping[str, Any]], bool]]
"""By another framework's name of several ops, whether a layer's fields make it this one."""

UsualValues = Mapping[str, Mapping[str, object]]
"""By another framework's name of an op, the values that fields have there by default, where archc's differ or has none.

The name of a field stands for the value of that field, and a function computes a value from the fields, own ones and
those written, or has none. Where frameworks share the name but not the default, a mapping has the value by the
framework.
"""

OtherValues = Mapping[str, Mapping[str, object]]
"""By a field of an op, the words that other frameworks have for its values, and the values."""


def exact(value: object) -> Decimal | None:
    """A number as it is written in decimal, for arithmetic without the errors of binary fractions."""
    from decimal import Decimal  # only for a spec with the words of another framework, for the time of start-up

    if isinstance(value, str) and _PERCENT.match(value):
        return Decimal(value.rstrip(" %")) / 100
    return Decimal(repr(value)) if type(value) in (int, float) else None


def spelled(value: object) -> str:
    """A value as a spec writes it in braces: `1e-4`, `[3, 5]`, `{he_normal: {}}`."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _number(value)
        case list():
            return f"[{', '.join(map(spelled, cast(list[object], value)))}]"
        case dict():
            parts = cast(dict[str, object], value).items()
            return f"{{{', '.join(f'{key}: {spelled(part)}' for key, part in parts)}}}"
        case _:
            return str(value)


def _number(value: float) -> str:
    """The shortest decimal of a number; small ones and large ones with an exponent, such as 1e-4."""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if 1e-3 <= abs(value) < 1e15:
        return repr(value)
    shortest = next(text for digits in range(17) if float(text := f"{value:.{digits}e}") == value)
    digits, exponent = shortest.split("e")
    return f"{digits}e{int(exponent)}"


def sides(top: int, bottom: int, left: int, right: int) -> object:
    """The sizes of four sides in the shortest form: one number, [height, width] or {top, bottom, left, right}."""
    if (top, left) != (bottom, right):
        return {"top": top, "bottom": bottom, "left": left, "right": right}
    return top if top == left else [top, left]


def ends(left: int, right: int) -> object:
    """The sizes at both ends of a sequence in the shortest form: one number or {left, right}."""
    return left if left == right else {"left": left, "right": right}


def whole(value: object) -> int | None:
    """A whole number, also one that is written with a fraction of 0."""
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def complement(field: str, own: str, what: str, *, below: float = 1) -> Callable[[Mapping[str, Any]], Converted | None]:
    """The conversion of `field`, which is `what`, to one minus its value; certain for values below `below`."""

    def convert(values: Mapping[str, Any]) -> Converted | None:
        value = exact(values[field])
        if value is None or not 0 < value <= 1:
            return None
        note = f"`{field}: {values[field]}` is {what}: 1 - {value} = {1 - value}"
        return Converted({field: (own, float(1 - value))}, (note,), certain=value < below or below == 1)

    return convert


def switched(field: str, own: str, words: Mapping[bool, object]) -> Conversion:
    """The conversion of a field that is true or false, or 1 or 0, to one of two words."""

    def convert(values: Mapping[str, Any]) -> Converted | None:
        value = values[field]
        return Converted({field: (own, words[bool(value)])}) if value in (True, False) else None

    return Conversion((field,), convert)
