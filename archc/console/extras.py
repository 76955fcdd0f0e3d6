"""Packages that a command needs beyond archc's own dependencies: the extras of archc's distribution."""

from __future__ import annotations

from importlib.util import find_spec

from archc.failure import ENVIRONMENT, Failure
from archc.installing import requirements_help


def demand(package: str, what: str) -> None:
    """Raise a Failure that names the command to install the package, if it is missing. It is not imported."""
    if find_spec(package) is None:
        raise Failure(f"{what} needs {package}, which is not installed", requirements_help([package]), ENVIRONMENT)
