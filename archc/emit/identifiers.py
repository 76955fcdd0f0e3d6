"""Names of a spec as identifiers of Python."""

from __future__ import annotations

import keyword
from collections.abc import Collection, Sequence


def identifiers(names: Sequence[str], reserved: Collection[str]) -> list[str]:
    """Each name as an identifier that no other name has: with underscores added until it is free."""
    taken, given = set(names), set[str]()
    found: list[str] = []
    for name in names:
        identifier = name
        while _is_refused(identifier, reserved) or identifier in (taken if identifier != name else given):
            identifier += "_"
        taken.add(identifier)
        given.add(identifier)
        found.append(identifier)
    return found


def free(name: str, taken: Collection[str]) -> str:
    """The name, with underscores added until it is free and Python can use it."""
    while _is_refused(name, taken):
        name += "_"
    return name


def camel(name: str) -> str:
    """`alex_net` -> `AlexNet`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _is_refused(identifier: str, reserved: Collection[str]) -> bool:
    return identifier in reserved or keyword.iskeyword(identifier)
