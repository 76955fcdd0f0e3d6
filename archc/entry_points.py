"""What installed distributions bring to archc, by entry point: backends, ops, and rules that emit ops.

Listing entry points imports nothing. An error that a distribution raises while it is imported becomes a Failure that
names it; `culprit` names it for an error that its code raises later.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from traceback import walk_tb

from archc.failure import Failure

BACKENDS = "archc.backends"
OPS = "archc.ops"
RULES = "archc.rules"


def installed(group: str) -> dict[str, list[EntryPoint]]:
    """The entry points of a group by name; two of one name are a clash, which `only` reports.

    Those of a distribution that cannot be read are left out; `unreadable` names it.
    """
    try:
        points = [*entry_points(group=group)]
    except Exception:  # importlib reads the files of every distribution at once and checks none of them
        points = [point for distribution in _readable() for point in distribution.entry_points.select(group=group)]
    found: dict[str, list[EntryPoint]] = {}
    for point in points:
        found.setdefault(point.name, []).append(point)
    return found


def unreadable() -> list[Failure]:
    """A failure for each distribution whose entry points cannot be read."""
    return [failure for distribution in distributions() if (failure := _unreadable(distribution))]


def only(points: list[EntryPoint], what: str) -> EntryPoint:
    """The one entry point of a name; raises Failure if there are two. `what`: backend, op."""
    if len(points) > 1:
        owners = sorted(set(map(owner, points)))
        if len(owners) == 1:
            message = f"{owners[0]} provides the {what} `{points[0].name}` twice"
            raise Failure(message, f"report it to the authors of {owners[0]}")
        raise Failure(f"{' and '.join(owners)} both provide the {what} `{points[0].name}`", "uninstall one of them")
    return points[0]


def imported(point: EntryPoint, what: str) -> object:
    """The object that an entry point names; raises Failure if it cannot be imported."""
    try:
        with redirect_stdout(sys.stderr):  # what a module prints must not end up in a command's output
            return point.load()
    except (KeyboardInterrupt, Failure):
        raise
    except BaseException as error:  # a foreign module may raise anything, SystemExit too, and must be named
        name = owner(point)
        message = f"the {what} `{point.name}` of {name} cannot be imported: {type(error).__name__}: {_text(error)}"
        raise Failure(message, f"reinstall {name}, or report it to its authors") from error


def owner(point: EntryPoint) -> str:
    """The distribution of an entry point, or its module if the distribution has no name."""
    return (_name(point.dist) if point.dist is not None else None) or point.value


def culprit(error: BaseException, own: tuple[str, ...]) -> str | None:
    """The distribution whose code raised an error, or the one before it, or called what did; None if it was archc.

    `own` are the top-level modules that belong to archc.
    """
    points = [point for group in (OPS, RULES, BACKENDS) for found in installed(group).values() for point in found]
    owners = {point.value.partition(":")[0].partition(".")[0]: owner(point) for point in points}
    chain: BaseException | None = error
    while chain is not None:
        for frame, _ in walk_tb(chain.__traceback__):
            module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if module in owners and module not in own:
                return owners[module]
        chain = chain.__context__
    return None


def _readable() -> Iterator[Distribution]:
    """The distributions whose entry points can be read; of two with one name the first, which Python imports from."""
    seen: set[str | None] = set()
    for distribution in distributions():
        if _unreadable(distribution) is None:
            name = _name(distribution)
            if name is None or name not in seen:
                yield distribution
            seen.add(name)


def _unreadable(distribution: Distribution) -> Failure | None:
    """Why the entry points of a distribution cannot be read; None if they can."""
    try:
        distribution.entry_points  # noqa: B018  read when it is asked for
    except Exception as error:
        name = _name(distribution) or "a distribution"
        message = f"the entry points of {name} cannot be read: {type(error).__name__}: {_text(error)}"
        return Failure(message, f"reinstall {name}, or uninstall it")
    return None


def _name(distribution: Distribution) -> str | None:
    """The name of a distribution; None if its metadata is broken."""
    try:
        name: str | None = distribution.name  # None without a `Name:`, which its type does not say
    except Exception:
        return None
    return name


def _text(error: BaseException) -> str:
    """The text of an error; the class of a foreign error may fail to give one."""
    try:
        return str(error)
    except Exception:
        return "without a text"
