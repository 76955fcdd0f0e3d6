"""Prints source nodes as text, with indentation, wrapping, sorted imports and escapes.

A statement that fits on a line stays on one. A longer one breaks after an opening bracket: a call's arguments go on
the next line if all of them fit there, and otherwise one per line, with a trailing comma. A comment that does not fit
at the end of its last line goes on a line above. `ruff format` with its defaults leaves the text as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import pairwise
from textwrap import wrap

from archc.emit.inline import arguments_of, clause, escaped, flat, generator, keyword_of, literal
from archc.emit.syntax import (
    Among,
    Argument,
    Assert,
    Assign,
    Call,
    Class,
    Delete,
    Dict,
    Do,
    Each,
    Expression,
    Fixed,
    For,
    Function,
    If,
    Import,
    Infix,
    List,
    Main,
    Module,
    Name,
    Return,
    Snippet,
    Statement,
    Tuple,
    Unpacked,
)

WIDTH = 88
_INDENT = "    "


def print_module(module: Module) -> str:
    """The text of a file, which ends in a line break."""
    parts = [_docstring(module.doc, ""), _imports(module.imports)]
    text = "\n\n".join(parts)
    for part in module.body:
        text += "\n\n\n" + "\n".join(_definition(part))
    return text + "\n"


def _definition(part: Snippet | Class | Function | Main) -> list[str]:
    match part:
        case Snippet():
            return part.text.strip("\n").split("\n")
        case Class():
            return _class(part)
        case Function():
            return _function(part, "")
        case Main():
            return ['if __name__ == "__main__":', *_block(part.body, _INDENT)]


def _class(part: Class) -> list[str]:
    head = f"class {part.name}({part.base.text}):"
    lines = [*_decorators(part, ""), head, _docstring((part.doc,), _INDENT)]
    if part.attributes:
        lines += ["", *(f"{_INDENT}{name.text}: {_annotation(kind)}" for name, kind in part.attributes)]
    for function in part.body:
        lines += ["", *_function(function, _INDENT)]
    return lines


def _annotation(kind: Name) -> str:
    """A class as an annotation: in quotes if it is one of the file's own, which may be defined further down."""
    return kind.text if "." in kind.text else f'"{kind.text}"'


def _decorators(part: Class | Function, indent: str) -> list[str]:
    return [f"{indent}@{decorator.text}" for decorator in part.decorators]


def _function(function: Function, indent: str) -> list[str]:
    lines = [*_decorators(function, indent), *signature(function, indent)]
    if function.doc:
        lines.append(_docstring(tuple(function.doc.split("\n\n")), indent + _INDENT))
    return [*lines, *_block(function.body, indent + _INDENT)]


def signature(function: Function, indent: str = "") -> list[str]:
    """The lines from `def` to the colon."""
    # ruff breaks a parameter list as it breaks the arguments of a call.
    stated = function.signature
    parts = tuple(stated.split(", ")) if isinstance(stated, str) else stated
    parameters = tuple(Argument(Fixed(parameter)) for parameter in parts)
    return _broken(indent, Call(Fixed(f"def {function.name}"), parameters), f" -> {function.returns}:", indent)


def _block(body: Iterable[Statement], indent: str) -> list[str]:
    lines: list[str] = []
    for statement, after in pairwise((*body, None)):
        assert statement is not None
        lines += _statement(statement, indent)
        if isinstance(statement, Import) and not isinstance(after, Import):
            lines.append("")
    return lines


def _statement(statement: Statement, indent: str) -> list[str]:
    match statement:
        case Assign():
            annotation = f": {statement.annotation.text}" if statement.annotation else ""
            lines = _parenthesized(f"{indent}{statement.target.text}{annotation} = ", statement.value, indent)
            commented = _commented(lines, statement.comment, indent)
            return lines if statement.is_brief and len(commented) > len(lines) else commented
        case Delete():
            return _delete(statement.names, indent)
        case Do():
            return _broken(indent, statement.value, "", indent)
        case Return():
            return _return(statement.value, indent)
        case Assert():
            return _parenthesized(f"{indent}assert {statement.test.text}, ", statement.message, indent)
        case For():
            each = ", ".join(variable.text for variable in statement.variables)
            head = _broken(f"{indent}for {each} in ", statement.values, ":", indent)
            return [*head, *_block(statement.body, indent + _INDENT)]
        case If():
            return _if(statement, indent)
        case Import():
            return [f"{indent}{_import(statement.module, statement.names)}"]


def _if(statement: If, indent: str) -> list[str]:
    lines: list[str] = []
    for test, body in statement.branches:
        word = f"{indent}{'elif' if lines else 'if'} "
        if isinstance(test, Among):
            lines += _broken(f"{word}{test.value.text} in ", test.options, ":", indent)
        else:
            lines += _broken(word, test, ":", indent)
        lines += _block(body, indent + _INDENT)
    if statement.otherwise:
        lines += [f"{indent}else:", *_block(statement.otherwise, indent + _INDENT)]
    return lines


def _delete(names: tuple[Name, ...], indent: str) -> list[str]:
    one_line = f"{indent}del {', '.join(name.text for name in names)}"
    if _fits(one_line):
        return [one_line]
    return [f"{indent}del (", *(f"{indent}{_INDENT}{name.text}," for name in names), f"{indent})"]


def _return(value: Expression, indent: str) -> list[str]:
    if isinstance(value, Tuple) and len(value.items) > 1:
        without_parentheses = f"{indent}return {', '.join(map(flat, value.items))}"
        if _fits(without_parentheses):
            return [without_parentheses]
    return _parenthesized(f"{indent}return ", value, indent)


def _commented(lines: list[str], comment: str | None, indent: str) -> list[str]:
    """The lines with a comment: at the end of the last line if it fits there, above them otherwise."""
    if comment is None:
        return lines
    *before, last = lines
    with_comment = f"{last}  # {comment}"
    # black breaks the last call of `Layer(…)(x)  # comment` again.
    fits = _fits(with_comment) and not (before and last.lstrip().startswith(")("))
    return [*before, with_comment] if fits else [f"{indent}# {comment}", *lines]


def _parenthesized(before: str, value: Expression, indent: str) -> list[str]:
    """The line `before value`, with the value in parentheses if breaks inside it are not enough."""
    lines = _broken(before, value, "", indent)
    inner = indent + _INDENT
    inside = _broken(inner, value, "", inner)
    # A sum on several lines is a syntax error without parentheses. Other values get them only if all lines then fit:
    # ruff removes parentheses that do not help.
    needed = len(lines) > 1 if isinstance(value, Infix) else not _fits(lines[0]) and all(map(_fits, inside))
    return [f"{before}(", *inside, f"{indent})"] if needed else lines


def _broken(before: str, value: Expression, after: str, indent: str) -> list[str]:
    """The line `before value after`, broken inside the value if it is too long."""
    one_line = f"{before}{flat(value)}{after}"
    if _fits(one_line):
        return [one_line]
    inner = indent + _INDENT
    if isinstance(value, Call) and _is_shorter(value, before, after, inner):
        return _broken(before, value.shorter, after, indent)
    match value:
        case Call(printed=arguments) if arguments:
            # The function of `Layer(fields)(x)` is itself a call. It breaks if `Layer(fields)(` is too long for a line.
            *function, last = _broken(before, value.function, "(", indent)
            closed = f"{last}{arguments_of(arguments)}){after}"
            if function and _fits(closed):
                return [*function, closed]
            return [*function, last, *_inside(arguments, inner), f"{indent}){after}"]
        case Tuple(items=items) | List(items=items) if items:
            opening, closing = "()" if isinstance(value, Tuple) else "[]"
            # ruff never joins the items of a broken tuple or list.
            return [f"{before}{opening}", *_one_per_line(map(Argument, items), inner), f"{indent}{closing}{after}"]
        case Dict(items=items) if items:
            return [f"{before}{{", *_items(items, inner), f"{indent}}}{after}"]
        case Each(unpacked=True):
            return [f"{before}*(", *_each(value, inner), f"{indent}){after}"]
        case Unpacked():
            return _broken(f"{before}**", value.value, after, indent)
        case Infix():
            first, *others = map(flat, value.terms)
            return [f"{before}{first}", *(f"{indent}{value.sign} {term}" for term in others)]
        case _:
            return [one_line]


def _is_shorter(value: Call, before: str, after: str, inner: str) -> bool:
    """Whether arguments by position let the call fit on one line, or its arguments on a line of their own."""
    if _fits(f"{before}{flat(value.shorter)}{after}"):
        return True
    longest = value.function if isinstance(value.function, Call) else value
    long, short = (arguments_of(each.printed) for each in (longest, longest.shorter))
    return long != short and not _fits(f"{inner}{long}") and _fits(f"{inner}{short}")


def _inside(arguments: tuple[Argument, ...], indent: str) -> list[str]:
    """The arguments of a broken call, on one line if they fit there."""
    if isinstance(each := arguments[0].value, Each) and not each.unpacked:
        return _each(each, indent)
    one_line = f"{indent}{arguments_of(arguments)}"
    return [one_line] if _fits(one_line) else _one_per_line(arguments, indent)


def _items(items: Iterable[tuple[str, Expression, str | None]], indent: str) -> list[str]:
    lines: list[str] = []
    for key, item, comment in items:
        lines += _commented(_broken(f"{indent}{literal(key)}: ", item, ",", indent), comment, indent)
    return lines


def _each(value: Each, indent: str) -> list[str]:
    """The inside of a generator expression, on one line if it fits there."""
    one_line = f"{indent}{generator(value)}"
    if _fits(one_line):
        return [one_line]
    return [*_broken(indent, value.value, "", indent), f"{indent}{clause(value)}"]


def _one_per_line(arguments: Iterable[Argument], indent: str) -> list[str]:
    lines: list[str] = []
    for argument in arguments:
        broken = _broken(f"{indent}{keyword_of(argument)}", argument.value, ",", indent)
        lines += _commented(broken, argument.comment, indent)
    return lines


def _fits(line: str) -> bool:
    # `_flat` adds a line break after a comment, because nothing can follow a comment on its line.
    return len(line) <= WIDTH and "\n" not in line


def _docstring(paragraphs: tuple[str, ...], indent: str) -> str:
    """The docstring, with white space folded, on one line if it fits."""
    # Escapes make the text longer, so they come before the wrapping. The width leaves room for both quotes: ruff keeps
    # the closing quotes of a single line on that line, however long it is.
    folded = [escaped(" ".join(paragraph.split())) for paragraph in paragraphs]
    width = WIDTH - len(indent) - len('"""' + '"""')
    wrapped = [wrap(paragraph, width, break_long_words=False, break_on_hyphens=False) for paragraph in folded]
    text = f"\n\n{indent}".join(f"\n{indent}".join(lines) for lines in wrapped)
    end = f"\n{indent}" if "\n" in text else ""
    return f'{indent}"""{text}{end}"""'


def _imports(imports: Iterable[Import]) -> str:
    """The imports, merged and sorted as isort does: the standard library first, and `import` before `from`."""
    names: dict[str, set[str]] = {}
    whole: dict[str, str] = {}
    for wanted in imports:
        if wanted.names:
            names.setdefault(wanted.module, set()).update(wanted.names)
        elif wanted.untyped or wanted.module not in whole:
            whole[wanted.module] = "  # type: ignore[import-untyped]" if wanted.untyped else ""
    sections = (_section(whole, names, standard=True), _section(whole, names, standard=False))
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _section(whole: dict[str, str], names: dict[str, set[str]], *, standard: bool) -> Iterator[str]:
    for module in sorted(whole):
        if (module.partition(".")[0] in sys.stdlib_module_names) == standard:
            yield f"import {module}{whole[module]}"
    for module in sorted(names):
        if (module.partition(".")[0] in sys.stdlib_module_names) == standard:
            yield _import(module, names[module])


def _import(module: str, names: Iterable[str]) -> str:
    return f"from {module} import {', '.join(sorted(names, key=_isort_key))}" if names else f"import {module}"


def _isort_key(name: str) -> tuple[int, str]:
    """The key that sorts names as isort does: CONSTANTS, then Classes, then functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)
