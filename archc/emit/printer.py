"""The one place that turns source nodes into text: indentation, wrapping, imports, escapes.

What it prints is what `ruff format` with its defaults would leave as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from textwrap import wrap

from archc.emit.syntax import (
    Argument,
    Assert,
    Assign,
    Call,
    Class,
    Do,
    Expression,
    Fixed,
    Function,
    Import,
    List,
    Literal,
    Main,
    Module,
    Name,
    Return,
    Snippet,
    Statement,
    Sum,
    Tuple,
    Unpacked,
)

WIDTH = 88
_INDENT = "    "
_COMMENT = "  # "


def print_module(module: Module) -> str:
    """The text of a file, ending in a line break."""
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
    decorators = [f"@{decorator.text}" for decorator in part.decorators]
    lines = [*decorators, f"class {part.name}({part.base.text}):", _docstring((part.doc,), _INDENT)]
    for function in part.body:
        lines += ["", *_function(function, _INDENT)]
    return lines


def _function(function: Function, indent: str) -> list[str]:
    lines = _head(f"{indent}def {function.name}(", function.signature, f") -> {function.returns}:", indent)
    if function.doc:
        lines.append(_docstring((function.doc,), indent + _INDENT))
    return [*lines, *_block(function.body, indent + _INDENT)]


def _head(before: str, parameters: str, after: str, indent: str) -> list[str]:
    """A line `before parameters after`, broken between the parameters where it is too long."""
    flat, inner = f"{before}{parameters}{after}", indent + _INDENT
    if len(flat) <= WIDTH:
        return [flat]
    one_line = f"{inner}{parameters}"
    body = [one_line] if len(one_line) <= WIDTH else [f"{inner}{parameter}," for parameter in parameters.split(", ")]
    return [before, *body, indent + after]


def _block(body: Iterable[Statement], indent: str) -> list[str]:
    return [line for statement in body for line in _statement(statement, indent)]


def _statement(statement: Statement, indent: str) -> list[str]:
    match statement:
        case Assign():
            comment = f"{_COMMENT}{statement.comment}" if statement.comment else ""
            return _assigned(f"{indent}{statement.target.text} = ", statement.value, comment, indent)
        case Do():
            return _wrapped(indent, statement.value, "", indent)
        case Return():
            return _return(statement.value, indent)
        case Assert():
            return _assert(statement, indent)


def _return(value: Expression, indent: str) -> list[str]:
    """Several values without parentheses, where they fit on the line."""
    if isinstance(value, Tuple) and len(value.items) > 1:
        flat = f"{indent}return {', '.join(map(_flat, value.items))}"
        if len(flat) <= WIDTH:
            return [flat]
    return _assigned(f"{indent}return ", value, "", indent)


def _assert(statement: Assert, indent: str) -> list[str]:
    """On one line; where that is too long, the message in parentheses."""
    before, message = f"{indent}assert {statement.test.text}, ", statement.message.text
    if len(before + message) <= WIDTH:
        return [before + message]
    return [f"{before}(", f"{indent}{_INDENT}{message}", f"{indent})"]


def _assigned(before: str, value: Expression, after: str, indent: str) -> list[str]:
    """`_wrapped`, in parentheses where the first line is too long and they make all of them fit."""
    lines = _wrapped(before, value, after, indent)
    inner = indent + _INDENT
    within = after if isinstance(value, Call) and isinstance(value.function, Call) else ""
    inside = _wrapped(inner, value, within, inner)
    if len(lines[0]) <= WIDTH or max(map(len, inside)) > WIDTH:
        return lines
    return [f"{before}(", *inside, f"{indent}){after.removeprefix(within)}"]


def _wrapped(before: str, value: Expression, after: str, indent: str) -> list[str]:
    """A line `before value after`, broken inside the value where it is too long."""
    flat = f"{before}{_flat(value)}{after}"
    if len(flat) <= WIDTH and not _must_break(value):
        return [flat]
    inner = indent + _INDENT
    match value:
        case Call(function=Call() as layer, arguments=inputs):
            return _applied(before, layer, inputs, after, indent)
        case Call(function=function, arguments=arguments) if arguments:
            # A trailing comma tells ruff to keep one line an argument; without one it would join what fits, or break
            # the last of two calls, `Layer(fields)(` being short enough for a line.
            ends = not after.startswith("(") or len(f"{before}{_flat(value)}(") > WIDTH
            body = _inside(arguments, inner) if ends else _one_a_line(arguments, inner)
            return [f"{before}{_flat(function)}(", *body, f"{indent}){after}"]
        case Tuple(items=items) if items:
            return [f"{before}(", *_one_a_line(map(Argument, items), inner), f"{indent}){after}"]
        case List(items=items) if items:
            return [f"{before}[", *_one_a_line(map(Argument, items), inner), f"{indent}]{after}"]
        case Unpacked():
            return _wrapped(f"{before}**", value.value, after, indent)
        case Sum():
            one_line = f"{inner}{_flat(value)}"
            first, *others = value.terms
            terms = [f"{inner}{first.text}", *(f"{inner}+ {term.text}" for term in others)]
            return [f"{before}(", *([one_line] if len(one_line) <= WIDTH else terms), f"{indent}){after}"]
        case _:
            return [flat]


def _applied(before: str, layer: Call, inputs: tuple[Argument, ...], after: str, indent: str) -> list[str]:
    """`Layer(fields)(inputs)`, broken in the fields; in the inputs where that is not enough."""
    if after.startswith(_COMMENT):
        return _commented(before, layer, inputs, after, indent)
    last = f"({_arguments(inputs)}){after}"
    if layer.arguments and len(f"{indent}){last}") <= WIDTH:
        return _wrapped(before, layer, last, indent)
    return [*_wrapped(before, layer, "(", indent), *_inside(inputs, indent + _INDENT), f"{indent}){after}"]


def _commented(before: str, layer: Call, inputs: tuple[Argument, ...], comment: str, indent: str) -> list[str]:
    """`Layer(fields)(inputs)` with its comment on the first line: after the last, ruff would break the inputs alone."""
    inner, last = indent + _INDENT, f"{indent})({_arguments(inputs)})"
    if not layer.arguments:
        return [f"{before}{_flat(layer)}({comment}", *_inside(inputs, inner), f"{indent})"]
    lines = [f"{before}{_flat(layer.function)}({comment}", *_inside(layer.arguments, inner)]
    if len(last) <= WIDTH:
        return [*lines, last]
    return [*lines, f"{indent})(", *_inside(inputs, inner), f"{indent})"]


def _inside(arguments: tuple[Argument, ...], indent: str) -> list[str]:
    """Arguments on lines of their own: on one where they fit."""
    one_line = f"{indent}{_arguments(arguments)}"
    must_break = any(argument.comment or _must_break(argument.value) for argument in arguments)
    return _one_a_line(arguments, indent) if must_break or len(one_line) > WIDTH else [one_line]


def _one_a_line(arguments: Iterable[Argument], indent: str) -> list[str]:
    lines: list[str] = []
    for argument in arguments:
        keyword = f"{argument.keyword}=" if argument.keyword else ""
        comment = f"{_COMMENT}{argument.comment}" if argument.comment else ""
        lines += _wrapped(f"{indent}{keyword}", argument.value, f",{comment}", indent)
    return lines


def _must_break(value: Expression) -> bool:
    if not isinstance(value, Call):
        return False
    inside = any(argument.comment or _must_break(argument.value) for argument in value.arguments)
    return inside or (isinstance(value.function, Call) and _must_break(value.function))


def _flat(value: Expression) -> str:
    match value:
        case Name() | Fixed():
            return value.text
        case Literal():
            return literal(value.value)
        case Tuple(items=(only,)):
            return f"({_flat(only)},)"
        case Tuple():
            return f"({', '.join(map(_flat, value.items))})"
        case List():
            return f"[{', '.join(map(_flat, value.items))}]"
        case Sum():
            return " + ".join(term.text for term in value.terms)
        case Unpacked():
            return f"**{_flat(value.value)}"
        case Call():
            return f"{_flat(value.function)}({_arguments(value.arguments)})"


def _arguments(arguments: Iterable[Argument]) -> str:
    return ", ".join((f"{a.keyword}=" if a.keyword else "") + _flat(a.value) for a in arguments)


def literal(value: str | bool | float | None) -> str:
    """A Python literal that evaluates to exactly `value`, in ruff's spelling and as a person writes it: `5e-4`."""
    if isinstance(value, float) and 0 < abs(value) < 1e-3:
        return f"{Decimal(repr(value)):e}"
    if not isinstance(value, str):
        return repr(value).replace("e+", "e")
    # Double quotes, unless single ones need fewer escapes.
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + escaped(value, quote) + quote


def escaped(text: str, quote: str = '"') -> str:
    """The text inside a literal: quotes, backslashes and whatever is not printable as escapes."""
    return "".join(_escape(character, quote) for character in text)


def _escape(character: str, quote: str) -> str:
    if character in ("\\", quote):
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _docstring(paragraphs: tuple[str, ...], indent: str) -> str:
    """A docstring: on one line where it fits, else wrapped; white space folded as a formatter would."""
    folded = [" ".join(paragraph.split()) for paragraph in paragraphs]
    one_line = f'{indent}"""{escaped(folded[0])}"""'
    if len(folded) == 1 and len(one_line) <= WIDTH:
        return one_line
    width = WIDTH - len(indent) - len('"""')
    wrapped = [wrap(paragraph, width, break_long_words=False, break_on_hyphens=False) for paragraph in folded]
    texts = [f"\n{indent}".join(map(escaped, lines)) for lines in wrapped]
    return f'{indent}"""' + f"\n\n{indent}".join(texts) + f'\n{indent}"""'


def _imports(imports: Iterable[Import]) -> str:
    """Imports merged and sorted: the standard library, then the rest; whole modules before names from them."""
    names: dict[str, set[str]] = {}
    whole: set[str] = set()
    for wanted in imports:
        if wanted.names:
            names.setdefault(wanted.module, set()).update(wanted.names)
        else:
            whole.add(wanted.module)
    sections = (_section(whole, names, standard=True), _section(whole, names, standard=False))
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _section(whole: set[str], names: dict[str, set[str]], *, standard: bool) -> Iterator[str]:
    for module in sorted(whole):
        if (module.partition(".")[0] in sys.stdlib_module_names) == standard:
            yield f"import {module}"
    for module in sorted(names):
        if (module.partition(".")[0] in sys.stdlib_module_names) == standard:
            yield f"from {module} import {', '.join(sorted(names[module], key=_isort_key))}"


def _isort_key(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions, as isort orders names."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2, name)
