"""What `archc backends` prints for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.backend import BackendFailure, Installation
from archc.diagnostics.json import documented


@documented
class FailureJson(TypedDict):
    """Why a backend cannot be used."""

    message: str
    """What is wrong."""
    help: str
    """What to do about it."""


@documented
class FrameworkJson(TypedDict):
    """A distribution that emitted source imports."""

    distribution: str
    """Its name."""
    version: str | None
    """The version that is installed; null where none is."""


@documented
class BackendJson(TypedDict):
    """An installed backend."""

    name: str
    """What `--backend` calls it."""
    distribution: str
    """The distribution that brings it."""
    version: str | None
    """The version of that distribution; null where it has none."""
    frameworks: list[FrameworkJson]
    """What the source that it emits imports, the framework first; empty where the backend cannot be used."""
    trains: bool
    """Whether `archc train` can use it."""
    failure: FailureJson | None
    """Why it cannot be used; null where it can."""


@documented
class BackendsJson(TypedDict):
    """What `archc backends --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    backends: list[BackendJson]
    """All that are installed, by name."""


def as_json(installations: Iterable[Installation]) -> BackendsJson:
    """The installed backends."""
    return {"version": 1, "backends": [_backend(installation) for installation in installations]}


def _backend(found: Installation) -> BackendJson:
    return {
        "name": found.name,
        "distribution": found.distribution,
        "version": found.version,
        "frameworks": [{"distribution": name, "version": version} for name, version in found.frameworks.items()],
        "trains": found.backend is not None and found.backend.train_module is not None,
        "failure": _failure(found.failure),
    }


def _failure(failure: BackendFailure | None) -> FailureJson | None:
    return None if failure is None else {"message": failure.message, "help": failure.help}
