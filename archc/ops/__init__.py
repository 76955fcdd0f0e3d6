"""All ops by name: one file each in this folder, and those of installed distributions.

A new file here, with the name of its op, is found without a list to edit. A distribution registers an op of its own
under the entry point group `archc.ops`; docs/ops.md shows how to write one.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING

from archc.entry_points import OPS, imported, installed, only, owner, unreadable
from archc.failure import Failure
from archc.ops.op import Op, name_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Ops(Mapping[str, type[Op]]):
    """Every op that can be used, by name.

    An op is imported when it is looked up, so that a spec takes no longer to check the more ops there are. Installed
    distributions are searched only for a name that archc itself lacks. archc's own names cannot be replaced.
    """

    def __init__(self) -> None:
        # Some of these modules hold what ops share; they are found to be no ops once they are imported.
        self._modules = [module.name for module in pkgutil.iter_modules(__path__)]
        self._own: dict[str, type[Op] | None] = {}
        self._looked_up: dict[str, type[Op] | Failure] = {}

    def __getitem__(self, name: str) -> type[Op]:
        found = self._look_up(name)
        if found is None or isinstance(found, Failure):
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from filter(self.is_own, self._modules)
        yield from (name for name in sorted(self._points) if name in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and isinstance(self._look_up(name), type)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def is_own(self, name: str) -> bool:
        """Whether archc itself brings the op of this name."""
        return self._own_op(name) is not None

    def provider(self, name: str) -> str | None:
        """The distribution that brings an op of this name; None for archc's own."""
        return None if self.is_own(name) or name not in self._points else owner(self._points[name][0])

    def in_use(self) -> list[str]:
        """The distributions of the ops that were looked up and can be used."""
        found = (self.provider(name) for name, op in self._looked_up.items() if isinstance(op, type))
        return sorted({provider for provider in found if provider})

    def failure(self, name: str) -> Failure | None:
        """Why an op that a distribution provides cannot be used; None for other names."""
        found = self._look_up(name)
        return found if isinstance(found, Failure) else None

    def failures(self) -> list[Failure]:
        """Why ops of distributions cannot be used, for all of them."""
        own = filter(self.is_own, sorted(self._installed))
        replacing = [_replacing(point) for name in own for point in self._installed[name]]
        unusable = [failure for name in sorted(self._points) if (failure := self.failure(name))]
        return [*self.unreadable, *replacing, *unusable]

    @cached_property
    def unreadable(self) -> list[Failure]:
        """Why the entry points of distributions, which may provide ops, cannot be read."""
        return unreadable()

    @cached_property
    def _installed(self) -> dict[str, list[EntryPoint]]:
        return installed(OPS)

    @cached_property
    def _points(self) -> dict[str, list[EntryPoint]]:
        return {name: points for name, points in self._installed.items() if not self.is_own(name)}

    def _look_up(self, name: str) -> type[Op] | Failure | None:
        if own := self._own_op(name):
            return own
        if name not in self._looked_up and name in self._points:
            try:
                self._looked_up[name] = _loaded(only(self._points[name], "op"))
            except Failure as failure:
                self._looked_up[name] = failure
        return self._looked_up.get(name)

    def _own_op(self, name: str) -> type[Op] | None:
        if name not in self._own and name in self._modules:
            values = vars(import_module(f"{__name__}.{name}")).values()
            classes = (value for value in values if isinstance(value, type) and issubclass(value, Op))
            self._own[name] = next((op for op in classes if name_of(op) == name), None)
        return self._own.get(name)


@cache
def ops() -> Ops:
    """The ops, looked up once per process."""
    return Ops()


def _loaded(point: EntryPoint) -> type[Op]:
    from archc.ops.declaration import fault  # needed for the ops of distributions only

    op = imported(point, "op")
    if reason := fault(op, point.name):
        message = f"the op `{point.name}` of {owner(point)} {reason}"
        raise Failure(message, f"report it to the authors of {owner(point)}")
    assert isinstance(op, type) and issubclass(op, Op)
    return op


def _replacing(point: EntryPoint) -> Failure:
    message = f"the op `{point.name}` of {owner(point)} is not used: archc itself has an op of this name"
    return Failure(message, f"uninstall {owner(point)}")
