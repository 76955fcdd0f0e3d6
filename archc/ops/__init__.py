"""All ops by name: one file each in this folder, and those of installed distributions.

A new file here is found without a list to edit. A distribution registers an op of its own under the entry point group
`archc.ops`; docs/ops.md writes one.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from archc.entry_points import OPS, imported, installed, only, owner
from archc.failure import Failure
from archc.ops.op import Op, name_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


@cache
def ops() -> Mapping[str, type[Op]]:
    """Every op class by its name."""
    return _Ops()


class _Ops(Mapping[str, type[Op]]):
    """Looks at installed distributions only for a name that archc itself lacks, since that takes time at start-up.

    The op of a distribution is imported when it is asked for. Raises Failure if it cannot be used.
    """

    def __init__(self) -> None:
        self._own: dict[str, type[Op]] = {}
        for module in pkgutil.iter_modules(__path__):
            for value in vars(import_module(f"{__name__}.{module.name}")).values():
                if isinstance(value, type) and issubclass(value, Op) and (name := name_of(value)):
                    self._own[name] = value

    @cached_property
    def _points(self) -> dict[str, list[EntryPoint]]:
        points = installed(OPS)
        if clashes := sorted(self._own.keys() & points.keys()):
            name = clashes[0]
            message = f"{owner(points[name][0])} provides an op `{name}`, which archc has itself"
            raise Failure(message, f"uninstall {owner(points[name][0])}")
        return points

    def __getitem__(self, name: str) -> type[Op]:
        return self._own[name] if name in self._own else _loaded(only(self._points[name], "op"))

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from sorted(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._points

    def __len__(self) -> int:
        return len(self._own) + len(self._points)


@cache
def _loaded(point: EntryPoint) -> type[Op]:
    op = imported(point, "op")
    if not isinstance(op, type) or not issubclass(op, Op) or name_of(op) != point.name:
        message = f'the op `{point.name}` of {owner(point)} is not an Op with `op: Literal["{point.name}"]`'
        raise Failure(message, f"reinstall {owner(point)}")
    return op
