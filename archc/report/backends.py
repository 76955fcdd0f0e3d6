"""The installed backends as a table, with the failure of each one that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backend import Installation
from archc.report.table import Column, fitted
from archc.wording import joined, visible

_COLUMNS = (
    Column("backend"),
    Column("distribution", least=12, leave=1),
    Column("framework", least=12, leave=2),
    Column("does", least=8),
)


def backends(found: Sequence[Installation], *, width: int) -> str:
    """A row for each backend, then the failures in full."""
    lines = [*fitted(_COLUMNS, [_row(each) for each in found], width=width)]
    for each in found:
        if each.failure is not None:
            lines += ["", f"error: {visible(each.failure.message)}", f"  {visible(each.failure.help)}"]
    return "\n".join(lines)


def _row(found: Installation) -> tuple[str, ...]:
    frameworks = ", ".join(f"{name} {version or 'not installed'}" for name, version in found.frameworks.items())
    distribution = found.distribution if found.version is None else f"{found.distribution} {found.version}"
    return tuple(map(visible, (found.name, distribution, frameworks, _does(found))))


def _does(found: Installation) -> str:
    if found.backend is None:
        return "unusable, see below"
    if found.backend.train_module is None:
        return "emits"
    return f"emits; to train, it lacks {joined(found.lacks)}" if found.lacks else "emits, trains"
