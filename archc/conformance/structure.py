"""Two Python sources of one network under different names: equal but for these names, its strings and docstrings."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from archc.backend import EmittedSource
from archc.graph import Graph


def compare(first: EmittedSource, tame: Graph, second: EmittedSource, hostile: Graph) -> str | None:
    """What differs that must not; None where nothing does. The names of `tame` stand nowhere by themselves."""
    try:
        trees = [ast.parse(source.text) for source in (first, second)]
    except (SyntaxError, ValueError) as error:
        return f"the source is no Python: {error}"
    comparison = _Comparison(first, tame, second, hostile)
    try:
        comparison.same(*trees)
    except _Difference as difference:
        return str(difference)
    if hidden := comparison.hidden():
        return f"a layer hides `{hidden}`, which the source uses"
    if len(_comments(first.text)) != len(_comments(second.text)):
        return "there are other comments"
    return None


_SCOPES = (ast.ClassDef, ast.FunctionDef)


class _Difference(Exception):
    pass


@dataclass(frozen=True)
class _Place:
    """A variable of a function or of the module, or an attribute of a class."""

    scope: tuple[ast.AST, ...]
    is_attribute: bool
    name: str

    def hides(self, other: _Place) -> bool:
        """Whether the other is found here instead."""
        same = (self.name, self.is_attribute) == (other.name, other.is_attribute)
        return same and self.scope == other.scope[: len(self.scope)]


class _Comparison:
    def __init__(self, first: EmittedSource, tame: Graph, second: EmittedSource, hostile: Graph) -> None:
        self._names = dict(zip(_values(tame), _values(hostile), strict=True))
        self._stated = {first.class_name: second.class_name}
        self._texts = (*self._names, tame.name, tame.title, first.class_name)
        self._scope: tuple[ast.AST, ...] = ()
        self._replaced: dict[_Place, str] = {}
        self._kept: set[_Place] = set()

    def same(self, a: ast.AST, b: ast.AST) -> None:
        """Walk both trees side by side; raises _Difference."""
        if type(a) is not type(b):
            raise _Difference(f"line {_line(b)}: {type(b).__name__} where {type(a).__name__} was")
        if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
            self._same_constant(a, b)
            return
        around = self._scope
        for field, x in ast.iter_fields(a):
            self._same_field(a, b, field, x, getattr(b, field))
            if field == "name" and isinstance(a, _SCOPES):
                self._scope = (*around, a)
        self._scope = around

    def hidden(self) -> str | None:
        """A name that the source uses where a layer has taken it; two layers of one name in one place."""
        taken: set[_Place] = set()
        for place, name in self._replaced.items():
            now = _Place(place.scope, place.is_attribute, name)
            if now in taken or any(now.hides(kept) for kept in self._kept):
                return name
            taken.add(now)
        return None

    def _same_field(self, a: ast.AST, b: ast.AST, field: str, x: object, y: object) -> None:
        if isinstance(x, ast.AST) and isinstance(y, ast.AST):
            self.same(x, y)
        elif isinstance(x, list) and isinstance(y, list):
            ours, theirs = cast("list[object]", x), cast("list[object]", y)
            if len(ours) != len(theirs):
                raise _Difference(f"line {_line(b)}: {len(theirs)} {field} where {len(ours)} were")
            for one, other in zip(ours, theirs, strict=True):
                self._same_field(a, b, field, one, other)
        elif isinstance(x, str) and isinstance(y, str):
            self._same_name(a, b, x, y)
        elif x != y:
            raise _Difference(f"line {_line(b)}: {field} {y!r} where {x!r} was")

    def _same_constant(self, a: ast.Constant, b: ast.Constant) -> None:
        x, y = a.value, b.value
        if isinstance(x, str) and isinstance(y, str) and any(text in " ".join(x.split()) for text in self._texts):
            return
        if (type(x), x) != (type(y), y):
            raise _Difference(f"line {_line(b)}: {y!r} where {x!r} was")

    def _same_name(self, a: ast.AST, b: ast.AST, x: str, y: str) -> None:
        if x in self._stated:
            if self._stated[x] != y:
                raise _Difference(f"line {_line(b)}: the class is called `{y}`, not {self._stated[x]}")
            return
        tame = next((name for name in self._names if x.startswith(name)), None)
        if tame is None:
            if x != y:
                raise _Difference(f"line {_line(b)}: `{y}` where `{x}` was")
            if place := self._place(a, x):
                self._kept.add(place)
            return
        if not re.fullmatch(rf"{self._names[tame]}_*{re.escape(x.removeprefix(tame))}_*", y):
            raise _Difference(f"line {_line(b)}: `{y}` for what belongs to the layer `{self._names[tame]}`")
        if place := self._place(a, x):
            self._replaced[place] = y

    def _place(self, node: ast.AST, name: str) -> _Place | None:
        """Where a name is looked up; None where nowhere: a keyword, or `module.attribute`."""
        inside_class = bool(self._scope) and isinstance(self._scope[-1], ast.ClassDef)
        match node:
            case ast.Attribute(value=ast.Name(id="self")):
                classes = [at for at, scope in enumerate(self._scope, 1) if isinstance(scope, ast.ClassDef)]
                return _Place(self._scope[: classes[-1]], True, name) if classes else None
            case ast.FunctionDef() if inside_class:
                return _Place(self._scope, True, name)
            case ast.Name() | ast.arg() | ast.FunctionDef() | ast.ClassDef() | ast.alias():
                return _Place(self._scope, False, name)
            case _:
                return None


def _values(graph: Graph) -> Iterable[str]:
    return [*graph.inputs, *(node.name for node in graph.nodes)]


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
