"""The Python syntax nodes that emitted source is built from. Backends build nodes; only the printer makes text of them.

The expressions are in `archc.emit.expressions`; here are the statements and what a file contains.
"""

from __future__ import annotations

from dataclasses import dataclass

from archc.emit.expressions import (
    Affine,
    Argument,
    Call,
    Dict,
    Difference,
    Each,
    Expression,
    Fixed,
    Formatted,
    Infix,
    Item,
    List,
    Literal,
    Name,
    Product,
    Sum,
    Tuple,
    Unless,
    Unpacked,
    Value,
    call,
    names,
    number,
    pair,
    require,
    require_one_line,
)

__all__ = [
    "Affine",
    "Among",
    "Argument",
    "Assert",
    "Assign",
    "Call",
    "Class",
    "Delete",
    "Dict",
    "Difference",
    "Do",
    "Each",
    "Expression",
    "Fixed",
    "For",
    "Formatted",
    "Function",
    "If",
    "Import",
    "Infix",
    "Item",
    "List",
    "Literal",
    "Main",
    "Module",
    "Name",
    "Product",
    "Return",
    "Snippet",
    "Statement",
    "Sum",
    "Tuple",
    "Unless",
    "Unpacked",
    "Value",
    "call",
    "names",
    "number",
    "pair",
]


@dataclass(frozen=True)
class Assign:
    """`target = value  # comment`, or `target: annotation = value`.

    `is_brief`: a comment that does not fit on the line is left out, instead of a line of its own.
    """

    target: Name
    value: Expression
    comment: str | None = None
    annotation: Name | None = None
    is_brief: bool = False

    def __post_init__(self) -> None:
        require((self.target,), Name)
        require((self.value,), Value)
        require_one_line(self.comment)


@dataclass(frozen=True)
class Delete:
    """`del a, b`."""

    names: tuple[Name, ...]

    def __post_init__(self) -> None:
        require(self.names, Name)
        if not self.names:
            raise ValueError("a deletion of nothing")


@dataclass(frozen=True)
class Do:
    """An expression as a statement, for its side effect."""

    value: Expression

    def __post_init__(self) -> None:
        require((self.value,), Value)


@dataclass(frozen=True)
class Return:
    """`return value`."""

    value: Expression

    def __post_init__(self) -> None:
        require((self.value,), Value)


@dataclass(frozen=True)
class Assert:
    """`assert test, message`."""

    test: Name | Fixed
    message: Fixed


@dataclass(frozen=True)
class For:
    """`for variable in values: body`."""

    variables: tuple[Name, ...]
    values: Expression
    body: tuple[Statement, ...]

    def __post_init__(self) -> None:
        require(self.variables, Name)
        require((self.values,), Value)


@dataclass(frozen=True)
class Among:
    """`value in (a, b)`, as a test."""

    value: Name
    options: Tuple

    def __post_init__(self) -> None:
        require((self.value,), Name)
        require((self.options,), Tuple)


@dataclass(frozen=True)
class If:
    """`if test: …`, with an `elif` for each further branch and an `else` for `otherwise`."""

    branches: tuple[tuple[Value | Among, tuple[Statement, ...]], ...]
    otherwise: tuple[Statement, ...] = ()

    def __post_init__(self) -> None:
        require((test for test, _ in self.branches), Value | Among)


@dataclass(frozen=True)
class Function:
    """A function or a method. `signature` is the text between the parentheses, or the text of each parameter if one
    contains a comma; the backend must check names in it.
    """

    name: str
    signature: str | tuple[str, ...]
    returns: str
    body: tuple[Statement, ...]
    doc: str | None = None
    decorators: tuple[Fixed, ...] = ()


@dataclass(frozen=True)
class Class:
    """A class of methods, with one base class. `attributes` are those whose types a checker cannot infer."""

    name: str
    base: Name
    doc: str
    body: tuple[Function, ...]
    decorators: tuple[Fixed, ...] = ()
    attributes: tuple[tuple[Name, Name], ...] = ()


@dataclass(frozen=True)
class Snippet:
    """The text of definitions that a backend keeps as a module of its own, without its docstring and its imports."""

    text: str


@dataclass(frozen=True)
class Main:
    """The block under `if __name__ == "__main__":`."""

    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Import:
    """`import module`, or `from module import names`. `untyped` is for a module that has no types, as mypy knows it.

    In a function it is one of the first statements, for a module that a file can do without.
    """

    module: str
    names: tuple[str, ...] = ()
    untyped: bool = False


Statement = Assign | Delete | Do | Return | Assert | For | If | Import


@dataclass(frozen=True)
class Module:
    """A whole file. `doc` lists the paragraphs of its docstring, which the printer escapes."""

    doc: tuple[str, ...]
    imports: tuple[Import, ...]
    body: tuple[Snippet | Class | Function | Main, ...]
