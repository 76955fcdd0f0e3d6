"""Compares two Python sources of one network under different names.

They must be equal apart from those names and from strings that contain them. This shows that a name or a title cannot
change what the code does. Where a layer has to be renamed, a method `load` and the functions that only it needs may
differ: they translate the names of saved weights.
"""

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
    """The first difference that names do not explain, or None.

    The names of `tame` must not occur in the source for any other reason.
    """
    try:
        trees = [ast.parse(source.text) for source in (first, second)]
    except (SyntaxError, ValueError) as error:
        return f"the source is not valid Python: {error}"
    if first.renamed.keys() != second.renamed.keys():
        trees = [_without_loading(tree, other) for tree, other in zip(trees, reversed(trees), strict=True)]
    comparison = _Comparison(first, tame, second, hostile)
    try:
        comparison.same(*trees)
    except _Difference as difference:
        return str(difference)
    if hidden := comparison.hidden():
        return f"a layer hides `{hidden}`, a name that the source uses"
    if len(_comments(first.text)) != len(_comments(second.text)):
        return "the number of comments differs"
    return None


_SCOPES = (ast.ClassDef, ast.FunctionDef)

_OUTSIDE: dict[type[ast.AST], tuple[str, ...]] = {
    ast.FunctionDef: ("decorator_list", "returns"),
    ast.ClassDef: ("bases", "keywords", "decorator_list"),
    ast.arguments: ("defaults", "kw_defaults"),
    ast.arg: ("annotation",),
}
"""What of a function or a class is looked up in the scope around it."""


class _Difference(Exception):
    pass


@dataclass(frozen=True)
class _Place:
    """A variable of a function or of the module, or an attribute of a class, by its scopes from the module inwards."""

    scope: tuple[ast.AST, ...]
    is_attribute: bool
    name: str

    def hides(self, other: _Place) -> bool:
        """Whether a lookup of the other name finds this one: the same name, in the same scope or in one around it."""
        same = (self.name, self.is_attribute) == (other.name, other.is_attribute)
        if self.scope and isinstance(self.scope[-1], ast.ClassDef) and not self.is_attribute:
            return same and self.scope == other.scope  # the functions in a class do not look there
        return same and self.scope == other.scope[: len(self.scope)]


_LOAD = "load"
"""The method that reads saved weights."""


def _without_loading(tree: ast.Module, other: ast.Module) -> ast.Module:
    """A file without its methods `load`, the functions that the other file lacks, and what it imports by name."""
    functions = {each.name for each in other.body if isinstance(each, ast.FunctionDef)}
    kept: list[ast.stmt] = []
    for each in tree.body:
        if isinstance(each, ast.ClassDef):
            body = [line for line in each.body if not (isinstance(line, ast.FunctionDef) and line.name == _LOAD)]
            own = (each.name, each.bases, each.keywords, body, each.decorator_list)
            kept.append(ast.copy_location(ast.ClassDef(*own), each))
        elif not isinstance(each, ast.ImportFrom) and (not isinstance(each, ast.FunctionDef) or each.name in functions):
            kept.append(each)
    return ast.Module(kept, tree.type_ignores)


def _spread(statement: ast.Delete) -> ast.Delete:
    """`del (a, b)`, as a long line is wrapped, as `del a, b`."""
    match statement.targets:
        case [ast.Tuple(elts=targets)]:
            return ast.Delete(targets=targets)
        case _:
            return statement


class _Comparison:
    """A walk over both trees at once, which collects where names of layers replace each other and where names stay."""

    def __init__(self, first: EmittedSource, tame: Graph, second: EmittedSource, hostile: Graph) -> None:
        self._names = dict(zip(_values(tame), _values(hostile), strict=True))
        self._stated = {first.class_name: second.class_name}
        self._texts = (*self._names, tame.name, tame.title, first.class_name)
        self._scope: tuple[ast.AST, ...] = ()
        self._replaced: dict[_Place, str] = {}
        self._kept: set[_Place] = set()

    def same(self, a: ast.AST, b: ast.AST) -> None:
        """Compare two nodes and all below them. Raises _Difference."""
        if isinstance(a, ast.Delete) and isinstance(b, ast.Delete):
            a, b = _spread(a), _spread(b)
        if type(a) is not type(b):
            raise _Difference(f"line {_line(b)}: expected {type(a).__name__}, got {type(b).__name__}")
        if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
            self._same_constant(a, b)
            return
        if isinstance(a, ast.Call) and isinstance(b, ast.Call):
            self._same_call(a, b)
            return
        around = self._scope
        for field, x in ast.iter_fields(a):
            inside = self._scope
            if field in _OUTSIDE.get(type(a), ()):
                self._scope = inside[:-1]
            self._same_field(a, b, field, x, getattr(b, field))
            self._scope = (*around, a) if field == "name" and isinstance(a, _SCOPES) else inside
        self._scope = around

    def hidden(self) -> str | None:
        """A name that a layer takes from the source itself or from another layer, or None."""
        taken: set[_Place] = set()
        for place, name in self._replaced.items():
            now = _Place(place.scope, place.is_attribute, name)
            if now in taken or any(now.hides(kept) for kept in self._kept):
                return name
            taken.add(now)
        return None

    def _same_call(self, a: ast.Call, b: ast.Call) -> None:
        """A long name may break a line, where the first keywords are left out and their values stay in place."""
        self.same(a.func, b.func)
        ours, theirs = _arguments(a), _arguments(b)
        if len(ours) != len(theirs):
            raise _Difference(f"line {_line(b)}: expected {len(ours)} arguments, got {len(theirs)}")
        moved = range(*sorted((len(a.args), len(b.args))))
        for at, (x, y) in enumerate(zip(ours, theirs, strict=True)):
            named = y if at < len(a.args) else x
            is_moved = at in moved and isinstance(named, ast.keyword) and named.arg is not None
            self.same(*((_value(x), _value(y)) if is_moved else (x, y)))

    def _same_field(self, a: ast.AST, b: ast.AST, field: str, x: object, y: object) -> None:
        if isinstance(x, ast.AST) and isinstance(y, ast.AST):
            self.same(x, y)
        elif isinstance(x, list) and isinstance(y, list):
            ours, theirs = cast("list[object]", x), cast("list[object]", y)
            if len(ours) != len(theirs):
                raise _Difference(f"line {_line(b)}: expected {len(ours)} {field}, got {len(theirs)}")
            for one, other in zip(ours, theirs, strict=True):
                self._same_field(a, b, field, one, other)
        elif isinstance(x, str) and isinstance(y, str):
            self._same_name(a, b, x, y)
        elif x != y:
            raise _Difference(f"line {_line(b)}: expected {field} {x!r}, got {y!r}")

    def _same_constant(self, a: ast.Constant, b: ast.Constant) -> None:
        x, y = a.value, b.value
        # A string that contains a name or the title may differ anywhere: white space and line breaks move with them.
        if isinstance(x, str) and isinstance(y, str) and any(text in " ".join(x.split()) for text in self._texts):
            return
        if (type(x), x) != (type(y), y):
            raise _Difference(f"line {_line(b)}: expected {x!r}, got {y!r}")

    def _same_name(self, a: ast.AST, b: ast.AST, x: str, y: str) -> None:
        if x in self._stated:
            if self._stated[x] != y:
                raise _Difference(f"line {_line(b)}: expected the class name `{self._stated[x]}`, got `{y}`")
            return
        tame = next((name for name in self._names if x.startswith(name)), None)
        if tame is None:
            if x != y:
                raise _Difference(f"line {_line(b)}: expected `{x}`, got `{y}`")
            if place := self._place(a, x):
                self._kept.add(place)
            return
        # A backend may add a suffix of its own, such as `_pad`, and underscores to make a name free.
        if not re.fullmatch(rf"{self._names[tame]}_*{re.escape(x.removeprefix(tame))}_*", y):
            raise _Difference(f"line {_line(b)}: expected a name made from the layer `{self._names[tame]}`, got `{y}`")
        if place := self._place(a, x):
            self._replaced[place] = y

    def _place(self, node: ast.AST, name: str) -> _Place | None:
        """The place where a name is looked up, or None for a keyword or `module.attribute`: no layer hides those."""
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


def _arguments(node: ast.Call) -> list[ast.expr | ast.keyword]:
    return [*node.args, *node.keywords]


def _value(argument: ast.expr | ast.keyword) -> ast.expr:
    return argument.value if isinstance(argument, ast.keyword) else argument


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
