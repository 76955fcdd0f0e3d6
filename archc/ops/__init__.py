"""All ops, by name. One file an op; a new file is found without a line here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import get_args

from archc.ops.op import Op

_SHARED = {"op", "fields", "window", "windowed"}


@cache
def ops() -> dict[str, type[Op]]:
    """Every op class by the name the language gives it."""
    found: dict[str, type[Op]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in _SHARED:
            continue
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Op) and value.__module__.endswith(f".{module.name}"):
                (name,) = get_args(value.model_fields["op"].annotation)
                found[name] = value
    return found
