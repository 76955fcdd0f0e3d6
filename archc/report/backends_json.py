"""The JSON output of `archc backends`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.backend import Installation
from archc.diagnostics.json import documented
from archc.failure import Failure


@documented
class FailureJson(TypedDict):
    """The reason that a backend cannot be used."""

    message: str
    """The problem, in one sentence."""
    help: str
    """How to fix the problem."""


@documented
class FrameworkJson(TypedDict):
    """A framework that emitted source imports."""

    distribution: str
    """Name of the framework's distribution, as `pip install` takes it."""
    version: str | None
    """Installed version of the framework; null if it is not installed."""


@documented
class BackendJson(TypedDict):
    """An installed backend."""

    name: str
    """Name of the backend, as `--backend` takes it."""
    distribution: str
    """Distribution that provides the backend."""
    version: str | None
    """Version of the backend's distribution; null if it has none."""
    frameworks: list[FrameworkJson]
    """Frameworks that emitted source imports, the main one first; empty if the backend cannot be used."""
    trains: bool
    """Whether `archc train` can use the backend here: it trains, and lacks nothing."""
    lacks: list[str]
    """Distributions without which the backend cannot train here; empty if it only emits."""
    failure: FailureJson | None
    """Reason that the backend cannot be used; null if it can."""


@documented
class BackendsJson(TypedDict):
    """The output of `archc backends --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    backends: list[BackendJson]
    """All installed backends, sorted by name."""


def as_json(installations: Iterable[Installation]) -> BackendsJson:
    """The installed backends as plain data."""
    return {"version": 1, "backends": [_backend(installation) for installation in installations]}


def _backend(found: Installation) -> BackendJson:
    return {
        "name": found.name,
        "distribution": found.distribution,
        "version": found.version,
        "frameworks": [{"distribution": name, "version": version} for name, version in found.frameworks.items()],
        "trains": found.backend is not None and found.backend.train_module is not None and not found.lacks,
        "lacks": list(found.lacks),
        "failure": _failure(found.failure),
    }


def _failure(failure: Failure | None) -> FailureJson | None:
    return None if failure is None else {"message": failure.message, "help": failure.help}
