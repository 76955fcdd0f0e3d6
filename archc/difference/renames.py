"""Names that differ, as few as blocks need: a renamed block or stage, or a layer renamed in all uses of its block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archc.difference.pairing import Pairing
from archc.difference.uses import block_around, local
from archc.graph import Graph
from archc.outline import parent


class Rename(NamedTuple):
    """A layer, a block or a stage by its old and its new path; a layer of a `block` by its names there."""

    before: str
    after: str
    block: str = ""
    uses: int = 1


def renames(pairing: Pairing) -> tuple[Rename, ...]:
    """The names that differ, in the order of the new network."""
    found: dict[Rename, dict[Rename, None]] = {}
    for old, new in pairing.pairs:
        if old.name != new.name:
            for rename, full in _renames(old.name, new.name, pairing.before, pairing.after):
                found.setdefault(rename, {})[full] = None
    return tuple(
        [rename._replace(uses=len(full)) if len(full) > 1 else next(iter(full)) for rename, full in found.items()]
    )


def _renames(old: str, new: str, before: Graph, after: Graph) -> Iterator[tuple[Rename, Rename]]:
    """What is renamed if a layer is: its name in its block, and the path of the block. Each also by its full path."""
    a, b = block_around(old, before), block_around(new, after)
    if not (a and b):
        paths = Rename(*_outermost(old, new, before, after))
        yield paths, paths
        return
    if local(old, a) != local(new, b):
        outer, other = _outermost(old, new, before, after)
        yield Rename(local(outer, a), local(other, b), after.scopes[b].block or ""), Rename(outer, other)
    if a != b:
        paths = Rename(*_outermost(a, b, before, after))
        yield paths, paths


def _outermost(old: str, new: str, before: Graph, after: Graph) -> tuple[str, str]:
    """The paths without the part at their end that is the same in both."""
    while old.rpartition(".")[2] == new.rpartition(".")[2]:
        outer, other = parent(old), parent(new)
        if outer == other or outer not in before.scopes or other not in after.scopes:
            break
        old, new = outer, other
    return old, new
