"""Writes neighbours that are equal, or count up, as one: `*(Basic(64, 64) for _ in range(3))`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archc.emit.constants import constants, filled, shape
from archc.emit.syntax import Affine, Call, Expression, Literal, Name

FEWEST = 3
"""How many neighbours become one."""
INDEX = Name("i")
_ANY = Name("_")


@dataclass(frozen=True)
class Run:
    """`count` neighbours from `start` on, as one value in terms of `variable`, which counts from 0."""

    start: int
    count: int
    value: Call
    variable: Name


def runs(values: Sequence[Call]) -> list[Run]:
    """The values in their order; a run of one is not folded."""
    found: list[Run] = []
    start = 0
    while start < len(values):
        run = _longest(values, start)
        found.append(run)
        start += run.count
    return found


def _longest(values: Sequence[Call], start: int) -> Run:
    first = values[start]
    alone = Run(start, 1, first, _ANY)
    if start + 1 >= len(values) or shape(values[start + 1]) != shape(first):
        return alone
    pairs = list(zip(constants(first), constants(values[start + 1]), strict=True))
    steps = [_step(value, following) for (value, _), (following, _) in pairs]
    if None in steps:
        return alone
    count = 1
    while start + count < len(values) and _is_after(first, values[start + count], steps, count):
        count += 1
    if count < FEWEST:
        return alone
    if not any(steps):
        return Run(start, count, first, _ANY)
    counted = (_counted(value, step) for (value, _), step in zip(constants(first), steps, strict=True))
    return Run(start, count, filled(first, counted), INDEX)


def _step(value: Expression, following: Expression) -> int | None:
    """By how much a number grows; 0 for equal constants, None for any others that differ."""
    if repr(value) == repr(following):
        return 0
    if isinstance(value, Literal) and isinstance(following, Literal):
        first, second = value.value, following.value
        if type(first) is int and type(second) is int:
            return second - first
    return None


def _is_after(first: Call, value: Call, steps: Sequence[int | None], count: int) -> bool:
    if shape(value) != shape(first):
        return False
    for (own, _), (other, _), step in zip(constants(first), constants(value), steps, strict=True):
        expected = (
            Literal(own.value + step * count) if step and isinstance(own, Literal) and type(own.value) is int else own
        )
        if repr(other) != repr(expected):
            return False
    return True


def _counted(value: Expression, step: int | None) -> Expression:
    if not step or not isinstance(value, Literal) or type(value.value) is not int:
        return value
    return Affine(INDEX, step, value.value)
