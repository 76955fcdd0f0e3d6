"""All ops, by name. One file an op; a new file is found without a line here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import get_args

from archc.ops.op import Op


@cache
def ops() -> dict[str, type[Op]]:
    """Every op class by the name the language gives it."""
    found: dict[str, type[Op]] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Op) and (names := _names(value)):
                found[names[0]] = value
    return found


def _names(op: type[Op]) -> tuple[str, ...]:
    """The one name of an op; none for a class that ops only share."""
    return get_args(op.model_fields["op"].annotation)
