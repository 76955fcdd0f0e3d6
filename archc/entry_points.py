"""What installed distributions bring to archc, by entry point: backends, ops, and rules that emit ops.

Listing entry points imports nothing. An error that a distribution raises while it is imported becomes a Failure that
names it; `culprit` names it for an error that its code raises later.
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

    try:
        points = entry_points(group=group)
    except Exception as error:  # importlib reads the files of every distribution and checks none of them
        message = f"the entry points of the installed distributions cannot be read: {type(error).__name__}: {error}"
        raise Failure(message, "reinstall the distribution whose entry_points.txt is broken") from error
    found: dict[str, list[EntryPoint]] = {}
    for point in points:
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a foreign module may raise anything, SystemExit too, and must be named
        name = owner(point)
        message = f"the {what} `{point.name}` of {name} cannot be imported: {type(error).__name__}: {error}"
        raise Failure(message, f"reinstall {name}") from error


def owner(point: EntryPoint) -> str:
    """The distribution of an entry point, or its module if the distribution has no name."""
    # The name is None for broken metadata, which its type does not say.
    name: str | None = point.dist.name if point.dist is not None else None
    return name or point.value


def culprit(error: BaseException, own: tuple[str, ...]) -> str | None:
    """The distribution whose code raised an error, or the one before it, or called what did; None if it was archc.

    `own` are the top-level modules that belong to archc.
    """
    from traceback import walk_tb

    try:
        points = [p for group in (OPS, RULES, BACKENDS) for found in installed(group).values() for p in found]
    except Failure:
        return None
    owners = {point.value.partition(":")[0].partition(".")[0]: owner(point) for point in points}
    chain: BaseException | None = error
    while chain is not None:
        for frame, _ in walk_tb(chain.__traceback__):
            module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if module in owners and module not in own:
                return owners[module]
        chain = chain.__context__
    return None
