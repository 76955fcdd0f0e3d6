"""Writes calls of one block after the other, whose names count up, as a loop."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from archc.emit.folding import FEWEST, INDEX, runs
from archc.emit.passing import X
from archc.emit.syntax import Affine, Argument, Assign, Call, Expression, For, Formatted, Literal, Name, Statement, call

_NUMBERED = re.compile(r"(.*?)(0|[1-9][0-9]*)\Z", re.DOTALL)


def looped(lines: Sequence[Assign], functions: Collection[Name]) -> tuple[Statement, ...]:
    """The lines, in which calls of these functions on `x` may be loops."""
    found: list[Statement] = []
    start = 0
    while start < len(lines):
        count = _chain(lines, start, functions)
        if count < FEWEST:
            found.append(lines[start])
            start += 1
            continue
        first = lines[start]
        run = runs([_without_name(line) for line in lines[start : start + count]])[0]
        if run.count < FEWEST:
            found.extend(lines[start : start + run.count])
        else:
            last = lines[start + run.count - 1]
            value = replace(run.value, arguments=(*run.value.arguments, Argument(_counting(first), "name")))
            body = (Assign(X, value, last.comment),)
            found.append(For((INDEX,), call("range", run.count), body))
        start += run.count
    return tuple(found)


def _chain(lines: Sequence[Assign], start: int, functions: Collection[Name]) -> int:
    """How many lines from this one on call a function on `x`, with names that count up."""
    numbered = _numbered(lines[start])
    count = 0
    while start + count < len(lines) and numbered is not None:
        line = lines[start + count]
        value = line.value
        if not isinstance(value, Call) or value.function not in functions or line.target != X:
            break
        if value.arguments[0].value != X or _numbered(line) != (numbered[0], numbered[1] + count):
            break
        count += 1
    return count


def _without_name(line: Assign) -> Call:
    assert isinstance(line.value, Call)
    return replace(line.value, arguments=line.value.arguments[:-1])


def _name(line: Assign) -> Expression | None:
    value = line.value
    return value.arguments[-1].value if isinstance(value, Call) and value.arguments else None


def _numbered(line: Assign) -> tuple[tuple[str | Name | Affine, ...], int] | None:
    """What stands before the last number of a line's name, and the number."""
    match _name(line):
        case Literal(value=str() as text):
            matched, before = _NUMBERED.match(text), ()
        case Formatted(parts=(first, str() as text)):
            matched, before = _NUMBERED.match(text), (first,)
        case _:
            return None
    return ((*before, matched[1]), int(matched[2])) if matched else None


def _counting(line: Assign) -> Formatted:
    numbered = _numbered(line)
    assert numbered is not None
    before, first = numbered
    return Formatted((*before, Affine(INDEX, offset=first)))
