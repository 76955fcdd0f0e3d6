"""Folders of pictures, a folder a class: which files there are, and which are held out."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from archc.failure import FINDING, Failure

SUFFIXES = (".jpg", ".jpeg", ".png")
LAYOUT = "a folder a class: DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg, or DIR/CLASS/*.jpg, which is split for you"

Labelled = tuple[tuple[Path, int], ...]


@dataclass(frozen=True)
class Pictures:
    """A data set on disk. A label is an index into `classes`, which are in alphabetical order."""

    classes: tuple[str, ...]
    train: Labelled
    val: Labelled
    """Held out: never trained on."""


def find_pictures(root: Path) -> Pictures:
    """The pictures below `root`: root/train/CLASS/* and root/val/CLASS/*, or root/CLASS/*, of which a tenth of each
    class (at least one) is held out. Hidden files and other kinds of file are passed over."""
    train, val = root / "train", root / "val"
    if not root.is_dir():
        raise Failure(f"{root} is no folder", f"`--data DIR` takes {LAYOUT}", FINDING)
    if train.is_dir() and val.is_dir():
        return _both(_classes(train), _classes(val), root)
    if train.is_dir() or val.is_dir():
        missing = val if train.is_dir() else train
        raise Failure(
            f"{missing} is missing", f"DIR/train and DIR/val go together; without both, DIR is {LAYOUT}", FINDING
        )
    return _split(_classes(root), root)


def _classes(folder: Path) -> dict[str, tuple[Path, ...]]:
    """The pictures of each class below a folder, in order of name."""
    entries = _entries(folder)
    names = [entry.name for entry in entries if _is_folder(entry)]
    found = {name: tuple(folder / name / entry.name for entry in _pictures(folder / name)) for name in names}
    if not found and any(entry.name.lower().endswith(SUFFIXES) for entry in entries):
        raise Failure(f"{folder} holds pictures without class folders", f"expected {LAYOUT}", FINDING)
    if not found:
        raise Failure(f"{folder} holds no class folders", f"expected {LAYOUT}", FINDING)
    for name, files in found.items():
        if not files:
            fix = "a class needs JPEG or PNG files (.jpg, .jpeg, .png) directly in its folder"
            raise Failure(f"{folder / name} holds no picture", fix, FINDING)
    if len(found) < 2:
        raise Failure(f"{folder} holds one class only", f"two or more are needed: {LAYOUT}", FINDING)
    return found


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder holds, without hidden entries, in order of name."""
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise Failure(f"cannot read {folder}: {error.strerror}", "check its permissions", FINDING) from error


def _pictures(folder: Path) -> list[os.DirEntry[str]]:
    """A dangling link counts: it is reported when it is read, not passed over in silence."""
    return [entry for entry in _entries(folder) if entry.name.lower().endswith(SUFFIXES) and not _is_folder(entry)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _both(train: dict[str, tuple[Path, ...]], val: dict[str, tuple[Path, ...]], root: Path) -> Pictures:
    """Pictures already split by whoever made the folders."""
    odd = sorted(train.keys() ^ val.keys())
    if odd:
        side = "train" if odd[0] in train else "val"
        more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
        raise Failure(
            f"class {odd[0]!r}{more} is in {root / side} only",
            "train/ and val/ must hold the same class folders",
            FINDING,
        )
    return Pictures(tuple(train), _label(train), _label(val))


def _split(classes: dict[str, tuple[Path, ...]], root: Path) -> Pictures:
    """A tenth of each class held out, chosen by a hash of the names: the same wherever the folder lies."""
    train: dict[str, tuple[Path, ...]] = {}
    val: dict[str, tuple[Path, ...]] = {}
    for name, files in classes.items():
        if len(files) == 1:
            fix = "a class needs two or more: one is held out"
            raise Failure(f"{root / name} holds one picture only", fix, FINDING)
        held = set(sorted(files, key=_shuffled)[: max(1, len(files) // 10)])
        train[name] = tuple(file for file in files if file not in held)
        val[name] = tuple(file for file in files if file in held)
    return Pictures(tuple(classes), _label(train), _label(val))


def _shuffled(file: Path) -> bytes:
    return hashlib.sha256(os.fsencode(f"{file.parent.name}/{file.name}")).digest()


def _label(classes: dict[str, tuple[Path, ...]]) -> Labelled:
    return tuple((file, label) for label, files in enumerate(classes.values()) for file in files)
