"""Where arrays to train on are: two files in a folder."""

from __future__ import annotations

from pathlib import Path

FILES = ("train.npz", "val.npz")


def are_arrays(folder: Path) -> bool:
    """Whether a folder has arrays, not pictures."""
    return any((folder / name).exists() for name in FILES)
