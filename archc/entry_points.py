"""What installed distributions bring to archc, by entry point: backends, ops, and rules that emit ops.

Listing entry points imports nothing. Whatever a distribution raises while it is imported becomes a Failure that names
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.failure import Failure

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BACKENDS = "archc.backends"
OPS = "archc.ops"
RULES = "archc.rules"


def installed(group: str) -> dict[str, list[EntryPoint]]:
    """The entry points of a group by name; two of one name are a clash, which `only` reports."""
    from importlib.metadata import entry_points  # slow to import, and few checks need any

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, []).append(point)
    return found


def only(points: list[EntryPoint], what: str) -> EntryPoint:
    """The one entry point of a name; raises Failure if two distributions use it. `what`: backend, op."""
    if len(points) > 1:
        owners = " and ".join(sorted(map(owner, points)))
        raise Failure(f"{owners} both provide the {what} `{points[0].name}`", "uninstall one of them")
    return points[0]


def imported(point: EntryPoint, what: str) -> object:
    """The object that an entry point names; raises Failure if it cannot be imported."""
    try:
        return point.load()
    except (Exception, SystemExit) as error:  # a foreign distribution may raise anything, and must be named
        name = owner(point)
        message = f"the {what} `{point.name}` of {name} cannot be imported: {type(error).__name__}: {error}"
        raise Failure(message, f"reinstall {name}") from error


def owner(point: EntryPoint) -> str:
    """The distribution of an entry point."""
    return point.dist.name if point.dist is not None else point.value
