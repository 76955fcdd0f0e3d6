"""Finds the specs that are shipped with archc."""

from __future__ import annotations

from pathlib import Path


def packaged_specs() -> Path:
    """The folder of the shipped specs: in the package if it was installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"
