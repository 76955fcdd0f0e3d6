"""The specs that come with archc."""

from __future__ import annotations

from pathlib import Path


def packaged_specs() -> Path:
    """The folder of the specs that come with archc: inside the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"
