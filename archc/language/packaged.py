"""Finds the specs and studies that are shipped with archc."""

from __future__ import annotations

from pathlib import Path


def packaged_specs() -> Path:
    """The folder of the shipped specs: in the package if it was installed, beside it in a checkout."""
    return _folder("specs")


def packaged_studies() -> Path:
    """The folder of the shipped studies, beside that of the specs."""
    return _folder("studies")


def _folder(name: str) -> Path:
    package = Path(__file__).parents[1]
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
