"""Renames values that only the next line reads to `x`, as people write a forward pass, and drops the others in time.

An assignment to `x` also drops the last reference to the value before, so its memory can be freed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archc.emit.syntax import Assign, Call, Delete, Expression, Infix, Item, List, Name, Tuple, names

X = Name("x")


def passing(lines: Sequence[Assign], outputs: Sequence[Name]) -> tuple[tuple[Assign, ...], tuple[Name, ...]]:
    """The lines and the outputs, with `x` for each value that only the next line reads.

    The last line's value becomes `x` too if it is the only output. No value may be called `x` before.
    """
    # A single output is read by the line after the last. Several outputs are read there too, but -1 is never the next
    # line, so they keep their names.
    end = len(lines) if len(outputs) == 1 else -1
    readers = {output.text: {end} for output in outputs}
    passes: list[bool] = []
    # Backwards, because a name can be assigned more than once: an assignment ends the search for readers of that value.
    for place, line in reversed(list(enumerate(lines))):
        passes.append(readers.pop(line.target.text, None) == {place + 1})
        for name in names(line.value):
            readers.setdefault(name.text, set()).add(place)
    written: list[Assign] = []
    passed = X
    for line, is_passing in zip(lines, reversed(passes), strict=True):
        value = _with_x(line.value, passed)
        passed = line.target if is_passing else X
        written.append(replace(line, target=X if is_passing else line.target, value=value))
    return tuple(written), tuple(X if output == passed else output for output in outputs)


def freeing(lines: Sequence[Assign], outputs: Sequence[Name]) -> tuple[Assign | Delete, ...]:
    """The lines of `passing`, such that no value outlives the last line that reads it.

    After that line, the value's name is deleted. If `x` has the value as well, or alone, the line assigns its own value
    to `x` first, and then gives it its name.
    """
    if not lines:
        return ()
    *body, end = lines  # after the last line, the function returns and drops everything
    last = {name: place for place, line in enumerate(lines) for name in names(line.value)}
    known: set[Name] = set()
    in_x: Name | None = None  # the name of the value that `x` has: `x` if it has no other
    written: list[Assign | Delete] = []
    for place, line in enumerate(body):
        ended = tuple(name for name in dict.fromkeys(names(line.value)) if name in known and last[name] == place)
        if line.target == X or in_x == X or in_x in ended:
            written.append(replace(line, target=X))
            in_x = line.target
            if line.target != X:
                written.append(Assign(line.target, X))
        else:
            written.append(line)
        if ended:
            written.append(Delete(ended))
        known |= {line.target} - {X, *outputs}
    return (*written, end)


def nested(lines: Sequence[Assign], joined: Sequence[bool]) -> tuple[Assign, ...]:
    """The lines, of which those that are `joined` to the one before contain its expression, if they read it once."""
    found: list[Assign] = []
    for line, is_joined in zip(lines, joined, strict=True):
        if is_joined and [*names(line.value)].count(found[-1].target) == 1:
            before = found.pop()
            line = replace(line, value=_with(line.value, before.target, before.value))
        found.append(line)
    return tuple(found)


def taking_x(
    lines: tuple[Assign | Delete, ...], inputs: tuple[Name, ...]
) -> tuple[tuple[Assign | Delete, ...], tuple[Name, ...]]:
    """The lines of a function, with `x` for its only input if only the first line reads that."""
    if len(inputs) != 1 or not lines:
        return lines, inputs
    first, *others = lines
    if not isinstance(first, Assign) or any(
        isinstance(line, Assign) and inputs[0] in {*names(line.value)} for line in others
    ):
        return lines, inputs
    return (replace(first, value=_with_x(first.value, inputs[0])), *others), (X,)


def _with_x(value: Expression, passed: Name) -> Expression:
    return _with(value, passed, X)


def _with(value: Expression, passed: Name, given: Expression) -> Expression:
    """The expression, with another one in place of the name `passed`."""
    match value:
        case Name():
            return given if value == passed else value
        case Item():
            return replace(value, value=given) if value.value == passed else value
        case Infix():
            return replace(value, terms=tuple(_with(term, passed, given) for term in value.terms))
        case Tuple() | List():
            return replace(value, items=tuple(_with(item, passed, given) for item in value.items))
        case Call():
            arguments = (replace(each, value=_with(each.value, passed, given)) for each in value.arguments)
            return replace(value, arguments=tuple(arguments))
        case _:
            return value
