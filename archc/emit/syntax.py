"""The kinds of Python that emitted source is made of. A backend's rules build these; only the printer makes text.

Whatever comes from a spec enters as a checked Name or as a Literal; `Fixed` holds text that a backend's author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z", re.ASCII)


@dataclass(frozen=True)
class Name:
    """A dotted name."""

    text: str

    def __post_init__(self) -> None:
        assert _DOTTED.match(self.text), f"{self.text!r} is no name"


@dataclass(frozen=True)
class Literal:
    value: str | bool | int | float | None


@dataclass(frozen=True)
class Fixed:
    """An expression whose text holds nothing of a spec."""

    text: str


@dataclass(frozen=True)
class Tuple:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class List:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Sum:
    """a + b + c."""

    terms: tuple[Name, ...]


@dataclass(frozen=True)
class Argument:
    """One argument of a call; a comment makes the call one line an argument."""

    value: Expression
    keyword: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Call:
    """`function(arguments)`, or, where `function` is itself a call, `Layer(fields)(x)`."""

    function: Name | Fixed | Call
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Unpacked:
    """`**value`, as an argument."""

    value: Call


Expression = Name | Literal | Fixed | Tuple | List | Sum | Call | Unpacked


@dataclass(frozen=True)
class Assign:
    target: Name
    value: Expression
    comment: str | None = None


@dataclass(frozen=True)
class Do:
    """An expression for its effect."""

    value: Expression


@dataclass(frozen=True)
class Return:
    value: Expression


@dataclass(frozen=True)
class Assert:
    """`assert test, message`."""

    test: Fixed
    message: Fixed


@dataclass(frozen=True)
class Function:
    """`signature` is what stands between the parentheses: fixed text, but for the names of inputs."""

    name: str
    signature: str
    returns: str
    body: tuple[Statement, ...]
    doc: str | None = None


@dataclass(frozen=True)
class Class:
    name: str
    base: Name
    doc: str
    body: tuple[Function, ...]
    decorators: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Snippet:
    """Definitions that a backend keeps as a module of its own: their text, without docstring and imports."""

    text: str


@dataclass(frozen=True)
class Main:
    """What the file does when it is run by itself."""

    body: tuple[Statement, ...]


Statement = Assign | Do | Return | Assert


@dataclass(frozen=True)
class Import:
    """`import module`, or `from module import names`."""

    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    """A whole file. `doc` is text, escaped when printed."""

    doc: tuple[str, ...]
    imports: tuple[Import, ...]
    body: tuple[Snippet | Class | Function | Main, ...]


def call(
    function: str | Call, *values: Expression | str | float | None, **keywords: Expression | str | float | None
) -> Call:
    """A call with plain values as literals."""
    positional = [Argument(_expression(value)) for value in values]
    named = [Argument(_expression(value), keyword) for keyword, value in keywords.items()]
    return Call(Name(function) if isinstance(function, str) else function, (*positional, *named))


def _expression(value: Expression | str | float | None) -> Expression:
    return Literal(value) if value is None or isinstance(value, str | int | float) else value


def number(value: float) -> float:
    """A number as a person writes it: `2` for 2.0."""
    return int(value) if float(value).is_integer() and abs(value) < 1e6 else value


def pair(size: tuple[int, int]) -> Expression:
    """A height and a width as frameworks take them: one number where they are equal."""
    height, width = size
    return Literal(height) if height == width else Tuple((Literal(height), Literal(width)))


def names(value: Expression) -> Iterator[Name]:
    """Every name in an expression, those of what it calls too."""
    match value:
        case Name():
            yield value
        case Sum():
            yield from value.terms
        case Tuple() | List():
            yield from (name for item in value.items for name in names(item))
        case Unpacked():
            yield from names(value.value)
        case Call():
            yield from names(value.function)
            yield from (name for argument in value.arguments for name in names(argument.value))
        case _:
            return
