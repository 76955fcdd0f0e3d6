"""Prints expressions on one line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from archc.emit.syntax import (
    Affine,
    Argument,
    Call,
    Dict,
    Each,
    Expression,
    Fixed,
    Formatted,
    Infix,
    Item,
    List,
    Literal,
    Name,
    Tuple,
    Unpacked,
)


def flat(value: Expression) -> str:
    """The value on one line, apart from a line break after each comment inside it."""
    match value:
        case Name() | Fixed():
            return value.text
        case Literal():
            return literal(value.value)
        case Tuple() | List() | Dict():
            return _collection(value)
        case Infix():
            return f" {value.sign} ".join(map(flat, value.terms))
        case Affine() | Formatted() | Item():
            return _of_names(value)
        case Each():
            return f"*({generator(value)})" if value.unpacked else generator(value)
        case Unpacked():
            return f"**{flat(value.value)}"
        case Call():
            return f"{flat(value.function)}({arguments_of(value.printed)})"


def generator(value: Each) -> str:
    """`value for i in range(3)`."""
    return f"{flat(value.value)} {clause(value)}"


def clause(value: Each) -> str:
    """`for i in range(3)`."""
    return f"for {value.variable.text} in range({value.count})"


def _collection(value: Tuple | List | Dict) -> str:
    if isinstance(value, Dict):
        return f"{{{', '.join(map(_flat_item, value.items))}}}"
    items = ", ".join(map(flat, value.items))
    if isinstance(value, List):
        return f"[{items}]"
    return f"({items},)" if len(value.items) == 1 else f"({items})"


def _of_names(value: Affine | Formatted | Item) -> str:
    match value:
        case Affine():
            return _affine(value)
        case Formatted():
            return _formatted(value)
        case Item():
            return f"{value.value.text}[{literal(value.key)}]"


def _flat_item(item: tuple[str, Expression, str | None]) -> str:
    key, value, comment = item
    return f"{literal(key)}: {flat(value)}" + (f"  # {comment}\n" if comment else "")


def _affine(value: Affine) -> str:
    name, factor, offset = value.name.text, value.factor, value.offset
    if factor == 1:
        return f"{name} {'-' if offset < 0 else '+'} {abs(offset)}" if offset else name
    return f"{offset} + {factor} * {name}" if offset else f"{factor} * {name}"


def _formatted(value: Formatted) -> str:
    def part(each: str | Name | Affine) -> str:
        if isinstance(each, str):
            return escaped(each).replace("{", "{{").replace("}", "}}")
        return f"{{{flat(each)}}}"

    return f'f"{"".join(map(part, value.parts))}"'


def arguments_of(arguments: Iterable[Argument]) -> str:
    """The arguments of a call, with a line break after each comment."""
    return ", ".join(map(_flat_argument, arguments))


def _flat_argument(argument: Argument) -> str:
    one_line = f"{keyword_of(argument)}{flat(argument.value)}"
    return f"{one_line}  # {argument.comment}\n" if argument.comment else one_line


def keyword_of(argument: Argument) -> str:
    """`keyword=`, or nothing."""
    return f"{argument.keyword}=" if argument.keyword else ""


def literal(value: str | bool | float | None) -> str:
    """A Python literal that evaluates to exactly `value`, spelled as ruff does and as a person would: `5e-4`."""
    # Not the value's own repr: a subclass has another, such as `np.float64(0.5)`.
    if isinstance(value, float):
        written = float.__repr__(value)
        return f"{Decimal(written):e}" if 0 < abs(value) < 1e-3 else written.replace("e+", "e")
    if isinstance(value, int) and not isinstance(value, bool):
        return int.__repr__(value)
    if not isinstance(value, str):
        return repr(value)
    # ruff prefers double quotes, unless single quotes need fewer escapes.
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + escaped(value, quote) + quote


def escaped(text: str, quote: str = '"') -> str:
    """The text for use inside a string literal: quotes, backslashes and unprintable characters are escaped."""
    return "".join(_escape(character, quote) for character in text)


def _escape(character: str, quote: str) -> str:
    if character in ("\\", quote):
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
