"""Finds the pictures of a data set on disk, with one folder per class, and splits off the held-out ones."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from archc.failure import FINDING, Failure
from archc.files import relative
from archc.training.description import class_name
from archc.wording import counted, listed

SUFFIXES = (".jpg", ".jpeg", ".png")
SPLITS = ("train", "val")
LAYOUT = "DIR/train/CLASS/*.jpg with DIR/val/CLASS/*.jpg, or DIR/CLASS/*.jpg, which archc splits"
TEST_LAYOUT = "DIR/val/CLASS/*.jpg or DIR/CLASS/*.jpg"

Labelled = tuple[tuple[Path, int], ...]
Classes = Mapping[str, tuple[Path, ...]]
"""The pictures of each class, both in order of name."""


@dataclass(frozen=True)
class Pictures:
    """A data set on disk. A label is an index into `classes`, which is in alphabetical order."""

    classes: tuple[str, ...]
    train: Labelled
    val: Labelled
    """The held-out pictures, which are never trained on."""
    ignored: Mapping[str, int] = field(default_factory=dict[str, int])
    """What else is in the class folders: the number of `folders`, and of files with each other suffix."""
    rest: Callable[[Collection[Path]], Pictures] | None = field(default=None, compare=False, repr=False)

    @property
    def files(self) -> list[Path]:
        return [file for file, _ in (*self.train, *self.val)]

    def without(self, files: Collection[Path]) -> Pictures:
        """The data set as if some files were not in its folder; a Failure if that could not be used."""
        return self.rest(files) if self.rest and files else self

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the names and labels of all pictures, in order: the same wherever their folder is."""
        lines = (
            b"%d %b" % (label, os.fsencode(f"{file.parent.name}/{file.name}"))
            for split in (self.train, self.val)
            for file, label in split
        )
        return hashlib.sha256(b"%d\0" % len(self.train) + b"\0".join(lines)).digest()


def find_pictures(root: Path) -> Pictures:
    """The pictures in root/train/CLASS and root/val/CLASS, or in root/CLASS.

    In the second layout, a tenth of each class is held out, and at least one picture. Hidden files and files with
    other suffixes are ignored.
    """
    train, val = root / "train", root / "val"
    if not _is_folder(root):
        raise Failure(f"{root} is not a folder", f"`--data DIR` takes {LAYOUT}", FINDING)
    has_train, has_val = _is_folder(train), _is_folder(val)
    if has_train != has_val:
        missing = val if has_train else train
        raise Failure(f"{missing} is missing", f"the layout is {LAYOUT}", FINDING)
    ignored: Counter[str] = Counter()
    found = [(folder, _classes(folder, ignored)) for folder in ((train, val) if has_train else (root,))]

    def rest(without: Collection[Path]) -> Pictures:
        left = [_checked(folder, classes, frozenset(without)) for folder, classes in found]
        made = _both(left[0], left[1], root) if has_val else _split(left[0], root)
        return replace(made, ignored=dict(ignored.most_common()), rest=rest)

    return rest(())


def pictures_to_test(root: Path, known: Sequence[str]) -> Labelled:
    """The pictures in root/val/CLASS, or else in root/CLASS, with the place of their class among the known ones."""
    folder = root / "val" if _is_folder(root / "val") else root
    found = {class_name(name): files for name, files in _classes(folder, Counter(), TEST_LAYOUT).items()}
    if unknown := [name for name in found if name not in known]:
        message = f"{folder} has {counted(len(unknown), 'class', 'classes')} that the network was not trained on"
        fix = f"name class folders as in training: {listed(known)}"
        raise Failure(f"{message}: {listed(unknown)}", fix, FINDING)
    labelled = tuple((file, known.index(name)) for name, files in found.items() for file in files)
    if not labelled:
        raise Failure(f"{folder} contains no pictures", f"the layout is {TEST_LAYOUT}", FINDING)
    return labelled


def _classes(folder: Path, ignored: Counter[str], layout: str = LAYOUT) -> Classes:
    """The pictures of each class in a folder; a Failure if it has no classes. Counts what else is in their folders."""
    entries = _entries(folder)
    names = [entry.name for entry in entries if _is_folder(entry)]
    found = {name: _pictures(folder / name, ignored) for name in names}
    if not found and any(entry.name.lower().endswith(SUFFIXES) for entry in entries):
        raise Failure(f"{folder} contains pictures, but no class folders", f"the layout is {layout}", FINDING)
    if not found:
        raise Failure(f"{folder} contains no class folders", f"the layout is {layout}", FINDING)
    return found


def _checked(folder: Path, classes: Classes, without: Collection[Path]) -> Classes:
    """The classes without some pictures; a Failure if one has none left, or if there is only one."""
    left = {name: tuple(file for file in files if file not in without) for name, files in classes.items()}
    if empty := [name for name, files in left.items() if not files]:
        fix = "put JPEG or PNG files (.jpg, .jpeg, .png) directly into the class's folder, or remove it"
        if folder.name not in SPLITS and (inner := next((name for name in empty if _is_data(folder / name)), None)):
            fix = f"use `--data {relative(folder / inner)}`, which contains class folders"
        raise Failure(_of_classes(folder, empty, "no pictures"), fix, FINDING)
    if len(left) < 2:
        raise Failure(f"{folder} contains only one class", f"use two or more; the layout is {LAYOUT}", FINDING)
    return left


def _is_data(place: Path) -> bool:
    """Whether a folder has train/ and val/, or two folders with pictures."""
    inner = [Path(entry) for entry in _entries(place) if _is_folder(entry)]
    return {*SPLITS} <= {each.name for each in inner} or sum(bool(_pictures(each, Counter())) for each in inner) > 1


def _of_classes(folder: Path, names: list[str], what: str) -> str:
    """`DIR/cat contains no pictures`, or of several classes `in DIR, 2 classes contain no pictures: cat, dog`."""
    if len(names) == 1:
        return f"{folder / names[0]} contains {what}"
    return f"in {folder}, {counted(len(names), 'class', 'classes')} contain {what}: {listed(names)}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder except hidden ones, in order of name."""
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise Failure(f"cannot read {folder}: {error.strerror}", "check its permissions", FINDING) from error


def _pictures(folder: Path, ignored: Counter[str]) -> tuple[Path, ...]:
    found: list[Path] = []
    for entry in _entries(folder):
        # By name alone: a dangling link, a folder or a pipe counts as a picture, so that reading it reports it.
        if entry.name.lower().endswith(SUFFIXES):
            found.append(folder / entry.name)
        else:
            ignored["folders" if _is_folder(entry) else Path(entry.name).suffix.lower() or "without a suffix"] += 1
    return tuple(found)


def _is_folder(place: os.DirEntry[str] | Path) -> bool:
    try:
        return place.is_dir()
    except OSError:  # a link that leads to itself, or a folder above that cannot be searched
        return False


def _both(train: Classes, val: Classes, root: Path) -> Pictures:
    """The pictures of train/ and val/ folders, which must have the same classes."""
    alone = {"train": sorted(train.keys() - val.keys()), "val": sorted(val.keys() - train.keys())}
    if any(alone.values()):
        found = "; ".join(f"only {folder}/ has {listed(names)}" for folder, names in alone.items() if names)
        fix = "make the same class folders in train/ and val/"
        raise Failure(f"train/ and val/ in {root} have different classes: {found}", fix, FINDING)
    return Pictures(tuple(train), _label(train), _label(val))


def _split(classes: Classes, root: Path) -> Pictures:
    """The pictures of class folders, with a tenth of each class held out."""
    train: dict[str, tuple[Path, ...]] = {}
    val: dict[str, tuple[Path, ...]] = {}
    if single := [name for name, files in classes.items() if len(files) == 1]:
        fix = "add a second one: at least one picture per class is held out"
        raise Failure(_of_classes(root, single, "only one picture"), fix, FINDING)
    for name, files in classes.items():
        held = set(sorted(files, key=_shuffled)[: max(1, len(files) // 10)])
        train[name] = tuple(file for file in files if file not in held)
        val[name] = tuple(file for file in files if file in held)
    return Pictures(tuple(classes), _label(train), _label(val))


def _shuffled(file: Path) -> bytes:
    # By a hash of the names below the root, the split is the same on each machine and does not follow the file order.
    return hashlib.sha256(os.fsencode(f"{file.parent.name}/{file.name}")).digest()


def _label(classes: Classes) -> Labelled:
    return tuple((file, label) for label, files in enumerate(classes.values()) for file in files)
