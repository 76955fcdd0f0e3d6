"""The Python syntax nodes that emitted source is built from. Backends build nodes; only the printer makes text of them.

Text from a spec enters as a Name, which is checked, or as a Literal, which is escaped. It cannot become code otherwise:
`Fixed` is for text that a backend's author wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z", re.ASCII)


@dataclass(frozen=True)
class Name:
    """A dotted name, such as `nn.Conv2d` or `x`."""

    text: str

    def __post_init__(self) -> None:
        assert _DOTTED.match(self.text), f"{self.text!r} is not a dotted name"


@dataclass(frozen=True)
class Literal:
    """A constant, printed as a literal that evaluates to exactly this value."""

    value: str | bool | int | float | None


@dataclass(frozen=True)
class Fixed:
    """An expression as text, printed unchanged. It must not contain text from a spec."""

    text: str


@dataclass(frozen=True)
class Tuple:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class List:
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Sum:
    """`a + b + c`."""

    terms: tuple[Name, ...]


@dataclass(frozen=True)
class Argument:
    """One argument of a call. If any argument has a comment, each goes on a line of its own."""

    value: Expression
    keyword: str | None = None
    comment: str | None = None


@dataclass(frozen=True)
class Call:
    """`function(arguments)`. A function that is itself a call gives `Layer(fields)(x)`."""

    function: Name | Fixed | Call
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Unpacked:
    """`**value`, as an argument."""

    value: Call


Expression = Name | Literal | Fixed | Tuple | List | Sum | Call | Unpacked


@dataclass(frozen=True)
class Assign:
    """`target = value  # comment`."""

    target: Name
    value: Expression
    comment: str | None = None


@dataclass(frozen=True)
class Do:
    """An expression as a statement, for its side effect."""

    value: Expression


@dataclass(frozen=True)
class Return:
    """`return value`."""

    value: Expression


@dataclass(frozen=True)
class Assert:
    """`assert test, message`."""

    test: Fixed
    message: Fixed


@dataclass(frozen=True)
class Function:
    """A function or a method. `signature` is the text between the parentheses; the backend must check names in it."""

    name: str
    signature: str
    returns: str
    body: tuple[Statement, ...]
    doc: str | None = None


@dataclass(frozen=True)
class Class:
    """A class of methods, with one base class."""

    name: str
    base: Name
    doc: str
    body: tuple[Function, ...]
    decorators: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Snippet:
    """The text of definitions that a backend keeps as a module of its own, without its docstring and its imports."""

    text: str


@dataclass(frozen=True)
class Main:
    """The block under `if __name__ == "__main__":`."""

    body: tuple[Statement, ...]


Statement = Assign | Do | Return | Assert


@dataclass(frozen=True)
class Import:
    """`import module`, or `from module import names`."""

    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    """A whole file. `doc` lists the paragraphs of its docstring, which the printer escapes."""

    doc: tuple[str, ...]
    imports: tuple[Import, ...]
    body: tuple[Snippet | Class | Function | Main, ...]


def call(
    function: str | Call, *values: Expression | str | float | None, **keywords: Expression | str | float | None
) -> Call:
    """A call. Plain values become literals."""
    positional = [Argument(_expression(value)) for value in values]
    named = [Argument(_expression(value), keyword) for keyword, value in keywords.items()]
    return Call(Name(function) if isinstance(function, str) else function, (*positional, *named))


def _expression(value: Expression | str | float | None) -> Expression:
    return Literal(value) if value is None or isinstance(value, str | int | float) else value


def number(value: float) -> float:
    """The number as a person writes it: `2` for 2.0."""
    return int(value) if float(value).is_integer() and abs(value) < 1e6 else value


def pair(size: tuple[int, int]) -> Expression:
    """A height and a width as frameworks accept them: one number if both are equal, a tuple otherwise."""
    height, width = size
    return Literal(height) if height == width else Tuple((Literal(height), Literal(width)))


def names(value: Expression) -> Iterator[Name]:
    """Every name in an expression, including the functions that it calls."""
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
