"""The constants in a syntax tree: numbers, strings, truth values, and tuples of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar, cast

from archc.emit.syntax import Argument, Assign, Call, Dict, Expression, Infix, List, Literal, Name, Tuple, Unpacked

Tree = TypeVar("Tree", bound=Call | Assign)
Visit = Callable[[Expression, str], Expression]
"""Given a constant and what it is called in its call: its keyword, or its place."""

HOLE = Literal("a constant")


def constants(tree: Call | Assign) -> list[tuple[Expression, str]]:
    """Every constant, and what it is called in its call."""
    found: list[tuple[Expression, str]] = []

    def visit(value: Expression, called: str) -> Expression:
        found.append((value, called))
        return value

    _tree(tree, visit)
    return found


def filled(tree: Tree, values: Iterator[Expression]) -> Tree:
    """The tree with other values in place of its constants, in their order."""
    return _tree(tree, lambda _, __: next(values))


def shape(tree: Tree) -> Tree:
    """The tree without its constants: equal for two that differ in nothing else."""
    return _tree(tree, lambda _, __: HOLE)


def is_constant(value: Expression) -> bool:
    """Whether it is a constant that a parameter can stand for."""
    if isinstance(value, Tuple):
        return bool(value.items) and all(map(is_constant, value.items))
    return isinstance(value, Literal) and value.value is not None


def _tree(tree: Tree, visit: Visit) -> Tree:
    if isinstance(tree, Assign):
        return cast(Tree, replace(tree, value=_visited(tree.value, visit, "")))
    return cast(Tree, _visited(tree, visit, ""))


def _visited(value: Expression, visit: Visit, called: str) -> Expression:
    if is_constant(value):
        return visit(value, called)
    match value:
        case Tuple() | List():
            return replace(value, items=tuple(_visited(item, visit, called) for item in value.items))
        case Infix():
            return replace(value, terms=tuple(_visited(term, visit, called) for term in value.terms))
        case Dict():
            items = tuple((name, _visited(item, visit, name), comment) for name, item, comment in value.items)
            return replace(value, items=items)
        case Unpacked():
            inner = _visited(value.value, visit, called)
            assert isinstance(inner, Call | Name)
            return Unpacked(inner)
        case Call():
            function = value.function
            if isinstance(function, Call):
                inner = _visited(function, visit, "")
                assert isinstance(inner, Call)
                function = inner
            arguments = tuple(_argument(argument, visit, place) for place, argument in enumerate(value.arguments))
            return Call(function, arguments)
        case _:
            return value


def _argument(argument: Argument, visit: Visit, place: int) -> Argument:
    return replace(argument, value=_visited(argument.value, visit, argument.keyword or str(place)))
