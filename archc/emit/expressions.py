"""The expressions that emitted source is built from: syntax nodes, which only the printer makes into text.

Text from a spec enters as a Name, which is checked, or as a Literal, which is escaped. It cannot become code otherwise:
`Fixed` is for text that a backend's author wrote.

A node that could not be printed raises ValueError or TypeError when it is made, so the traceback leads to its author.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import isfinite
from types import UnionType
from typing import ClassVar

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z", re.ASCII)


@dataclass(frozen=True)
class Name:
    """A dotted name, such as `nn.Conv2d` or `x`."""

    text: str

    def __post_init__(self) -> None:
        if not _DOTTED.match(self.text) or any(map(keyword.iskeyword, self.text.split("."))):
            raise ValueError(f"{self.text!r} is not a dotted name")


@dataclass(frozen=True)
class Literal:
    """A constant, printed as a literal that evaluates to exactly this value."""

    value: str | bool | int | float | None

    def __post_init__(self) -> None:
        if not isinstance(self.value, str | int | float | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"{self.value!r} cannot be written as a literal")
        if isinstance(self.value, float) and not isfinite(self.value):
            raise ValueError(f"{float(self.value)!r} is not a finite number; write Fixed('float(\"{self.value}\")')")


@dataclass(frozen=True)
class Fixed:
    """An expression as text, printed unchanged. It must not contain text from a spec."""

    text: str

    def __post_init__(self) -> None:
        require((self.text,), str)


@dataclass(frozen=True)
class Tuple:
    items: tuple[Expression, ...]

    def __post_init__(self) -> None:
        require(self.items, Value)


@dataclass(frozen=True)
class List:
    items: tuple[Expression, ...]

    def __post_init__(self) -> None:
        require(self.items, Value)


@dataclass(frozen=True)
class Infix:
    """Terms with one sign between them, which each subclass has."""

    terms: tuple[Name | Call, ...]
    sign: ClassVar[str]

    def __post_init__(self) -> None:
        require(self.terms, Name | Call)
        if not self.terms:
            raise ValueError("a sum of nothing")


class Sum(Infix):
    """`a + b + c`."""

    sign = "+"


class Difference(Infix):
    """`a - b`."""

    sign = "-"


class Product(Infix):
    """`a * b * c`."""

    sign = "*"


@dataclass(frozen=True)
class Affine:
    """`6 * channels`, `i + 1`, `64 + 32 * i`: an offset, and a factor times a name."""

    name: Name
    factor: int = 1
    offset: int = 0

    def __post_init__(self) -> None:
        require((self.name,), Name)
        require((self.factor, self.offset), int)


@dataclass(frozen=True)
class Formatted:
    """`f"{name}.conv{i + 1}"`: strings and expressions, joined."""

    parts: tuple[str | Name | Affine, ...]

    def __post_init__(self) -> None:
        require(self.parts, str | Name | Affine)


@dataclass(frozen=True)
class Item:
    """`self.stage[3]`, or `self["3"]`."""

    value: Name
    key: int | str

    def __post_init__(self) -> None:
        require((self.value,), Name)
        require((self.key,), int | str)


@dataclass(frozen=True)
class Dict:
    """`{"0": first, "1": second}`. An item's comment is at the end of its line."""

    items: tuple[tuple[str, Expression, str | None], ...]

    def __post_init__(self) -> None:
        require((value for _, value, _ in self.items), Value)
        for _, _, comment in self.items:
            require_one_line(comment)


@dataclass(frozen=True)
class Each:
    """`value for variable in range(count)`, the only argument of a call; or unpacked, `*(value for …)`, as any."""

    value: Expression
    variable: Name
    count: int
    unpacked: bool = False

    def __post_init__(self) -> None:
        require((self.value,), Value)
        require((self.variable,), Name)


@dataclass(frozen=True)
class Argument:
    """One argument of a call. If any argument has a comment, each goes on a line of its own.

    An argument whose value is its `default`, the framework's own, is not printed. One that `has_place` has the place
    after those before it: a call that is too long for a line gives it there, without its keyword.
    """

    value: Expression
    keyword: str | None = None
    comment: str | None = None
    default: Expression | None = None
    has_place: bool = False

    def __post_init__(self) -> None:
        require((self.value,), Expression if self.keyword is None else Value)
        if self.keyword is not None and not _is_identifier(self.keyword):
            raise ValueError(f"{self.keyword!r} cannot be the keyword of an argument")
        require_one_line(self.comment)
        if self.default is not None and self.keyword is None:
            raise ValueError(f"{self.value!r} has a default, but no keyword by which a call can name it")


@dataclass(frozen=True)
class Unless:
    """A value for `call` that is left out of the text where it is the framework's default.

    `has_place`: a long call may give it by position, after those before it.
    """

    default: Expression | str | float | None
    value: Expression | str | float | None
    has_place: bool = False


@dataclass(frozen=True)
class Call:
    """`function(arguments)`. A function that is itself a call gives `Layer(fields)(x)`."""

    function: Name | Fixed | Item | Call
    arguments: tuple[Argument, ...] = ()

    def __post_init__(self) -> None:
        require((self.function,), Name | Fixed | Item | Call)
        require(self.arguments, Argument)
        named: set[str] = set()
        is_positional = True
        for argument in self.arguments:
            is_plain = argument.keyword is None and not isinstance(argument.value, Unpacked | Each)
            if is_plain and not is_positional:
                raise ValueError(f"{argument.value!r} is a positional argument after a keyword")
            if argument.keyword in named:
                raise ValueError(f"two arguments have the keyword {argument.keyword!r}")
            if argument.keyword is not None:
                named.add(argument.keyword)
            is_positional = is_plain or isinstance(argument.value, Each)

    @property
    def printed(self) -> tuple[Argument, ...]:
        """The arguments that are not at the framework's default."""
        return tuple(argument for argument in self.arguments if argument.value != argument.default)

    @property
    def shorter(self) -> Call:
        """The call, and the one that is its function, without keywords where each argument has its place."""
        found: list[Argument] = []
        is_placed = True
        for argument in self.arguments:
            is_placed = is_placed and (argument.keyword is None or argument.has_place)
            if argument.value == argument.default:
                is_placed = False
            else:
                placed = {"keyword": None, "default": None} if is_placed else {}
                found.append(replace(argument, has_place=False, **placed))
        function = self.function.shorter if isinstance(self.function, Call) else self.function
        return Call(function, tuple(found))


@dataclass(frozen=True)
class Unpacked:
    """`**value`, as an argument."""

    value: Call | Name

    def __post_init__(self) -> None:
        require((self.value,), Call | Name)


Value = Name | Literal | Fixed | Tuple | List | Dict | Sum | Difference | Product | Affine | Formatted | Item | Call
"""What stands anywhere; `**value` and `value for …` do not."""
Expression = Value | Unpacked | Each


def call(
    function: str | Call, *values: Expression | str | float | None, **keywords: Expression | str | float | Unless | None
) -> Call:
    """A call. Plain values become literals; a keyword that may be left out is `Unless(default, value)`."""
    positional = [Argument(_expression(value)) for value in values]
    named = [_named(keyword, value) for keyword, value in keywords.items()]
    return Call(Name(function) if isinstance(function, str) else function, (*positional, *named))


def _named(keyword: str, value: Expression | str | float | Unless | None) -> Argument:
    if isinstance(value, Unless):
        default = _expression(value.default)
        return Argument(_expression(value.value), keyword, default=default, has_place=value.has_place)
    return Argument(_expression(value), keyword)


def _expression(value: Expression | str | float | None) -> Expression:
    return Literal(value) if value is None or isinstance(value, str | int | float) else value


def _is_identifier(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)


def require(values: Iterable[object], kind: type | UnionType) -> None:
    """Raise TypeError for a value that is not of a kind: a checker would find it, but not every author runs one."""
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} is no syntax node that can stand here")


def require_one_line(comment: str | None) -> None:
    if comment is not None and not comment.isprintable():
        raise ValueError(f"{comment!r} cannot be a comment")


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
        case Infix():
            yield from (name for term in value.terms for name in names(term))
        case Tuple() | List():
            yield from (name for item in value.items for name in names(item))
        case Dict():
            yield from (name for _, item, _ in value.items for name in names(item))
        case Unpacked() | Each():
            yield from names(value.value)
        case Affine():
            yield value.name
        case Item():
            yield value.value
        case Call():
            yield from names(value.function)
            yield from (name for argument in value.printed for name in names(argument.value))
        case _:
            return
