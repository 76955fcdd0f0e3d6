"""Reads the spec that `extends:` names.

It is a file at a relative path, a YAML file, and a spec: nothing of any other file is ever shown, since a spec may come
from an untrusted source. A base may extend another spec, a few levels deep.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MARKER, MAX_BYTES, MappingNode, ScalarNode, YamlNode, read

MOST_BASES = 8
"""The levels of `extends:`."""
_SUFFIXES = (".yaml", ".yml")
_MARKER = re.compile(MARKER)


class Base(NamedTuple):
    """A spec that another one extends: its root, the name of its file, and which of its variants, if it is one."""

    root: MappingNode
    name: str
    variant: ScalarNode | None


def read_base(node: YamlNode, extending: tuple[str, ...], findings: list[Finding]) -> Base | None:
    """The spec that a value of `extends` names; None if it cannot be used, which is reported.

    `extending` are the names of the files that extend each other so far, the last one being that of `node`.
    """
    text = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(text, str) or not text:
        findings.append(report(node.span, "ARC104", "`extends` must be a path", help="write `extends: alexnet.yaml`"))
        return None
    place, variant = _named(_folder(extending[-1]), text)
    data = _bytes(place) if _is_relative(text) and place.suffix in _SUFFIXES else None
    is_spec = data is not None and bool(_MARKER.search(data))
    around = [os.path.realpath(name) for name in extending]
    if data is None or not is_spec or os.path.realpath(place) in around or len(extending) > MOST_BASES:
        from archc.language.mistakes.bases import not_a_base  # only for a mistake, for the time of start-up

        told = not_a_base(node, place, is_there=data is not None, is_spec=is_spec, around=around, most=MOST_BASES)
        findings.append(told)
        return None
    name = _plain(place)
    root, told = read(data, name)
    findings += told
    if root is None:
        return None
    if not isinstance(root, MappingNode):
        findings.append(report(node.span, "ARC116", f"{name} is not a spec", help="name a spec"))
        return None
    return Base(root, name, ScalarNode(variant, node.span) if variant is not None else None)


def _folder(name: str) -> Path:
    """The folder of a spec; the current one for standard input, and for a pipe that a shell opened for `<(…)`."""
    folder = Path(name).parent
    return Path() if folder == Path("/dev/fd") else folder


def _named(folder: Path, text: str) -> tuple[Path, str | None]:
    """The file that a text names, and the variant, if the text ends in one."""
    file, colon, word = text.rpartition(":")
    if colon and not _is_file(folder / text):
        return folder / file, word
    return folder / text, None


def _is_relative(text: str) -> bool:
    return not Path(text).is_absolute() and "\0" not in text and not text.startswith("~")


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):
        return False


def _bytes(place: Path) -> bytes | None:
    """The bytes of a regular file, up to one more than a spec may have; None if it cannot be read."""
    try:
        if not place.is_file():
            return None
        with place.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return None


def _plain(place: Path) -> str:
    """The name of a file without `..`, where that is the same file."""
    plain = os.path.normpath(place)
    try:
        return plain if Path(plain).samefile(place) else str(place)
    except OSError:
        return str(place)
