"""Values of `extends:` that name no spec that can be extended: why, and what may be meant."""

from __future__ import annotations

import os
from collections.abc import Collection
from itertools import islice
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from archc.diagnostics.finding import Finding, report
from archc.language.mistakes.vocabulary import nearest
from archc.language.reader import ScalarNode, YamlNode
from archc.wording import visible

_CODE = "ARC116"
_MOST_FILES = 200
_ABSENT = "no such file"
_RELATIVE = "write a path relative to this spec, such as `extends: alexnet.yaml`"


def not_a_base(
    node: YamlNode, place: Path, *, is_there: bool, is_spec: bool, around: Collection[str], most: int
) -> Finding:
    """The finding for an `extends` whose file cannot be used."""
    assert isinstance(node, ScalarNode)
    text = visible(str(node.value))[:200]
    if "://" in text:
        return report(node.span, _CODE, "`extends` reads files only", help=_RELATIVE)
    if Path(text).is_absolute() or text.startswith("~"):
        return report(node.span, _CODE, f"`{text}` is not a relative path", help=_RELATIVE)
    if place.suffix not in (".yaml", ".yml"):
        help = f"write `extends: {text}.yaml`" if _is_file(Path(f"{place}.yaml")) else _RELATIVE
        return report(node.span, _CODE, f"`{text}` is not a .yaml or .yml file", help=help)
    if not is_there:
        why = _why_unread(place)
        help = (_near(place) if why == _ABSENT else None) or _RELATIVE
        return report(node.span, _CODE, f"cannot read `{text}`: {why}", help=help)
    if not is_spec:
        message = f"`{text}` is not a spec: it has no `schema: archc/…` line"
        return report(node.span, _CODE, message, help="name a spec")
    if os.path.realpath(place) in around:
        message = "the spec extends itself" + (", through others" if len(around) > 1 else "")
        return report(node.span, _CODE, message, help="extend a spec that does not extend this one")
    message = f"more than {most} specs extend each other"
    return report(node.span, _CODE, message, help="extend a spec that is nearer to the first one")


def _why_unread(place: Path) -> str:
    """Why a file of a spec's name is not one that can be read."""
    try:
        found = place.stat()
    except (FileNotFoundError, ValueError):
        return _ABSENT
    except OSError as error:
        return (error.strerror or _ABSENT).lower()
    if S_ISREG(found.st_mode):
        return "permission denied"
    return "it is a folder" if S_ISDIR(found.st_mode) else "it is not a regular file"


def _near(place: Path) -> str | None:
    """The help with a file of nearly that name in the same folder, if there is one."""
    try:
        with os.scandir(place.parent) as entries:
            names = [entry.name for entry in islice(entries, _MOST_FILES) if entry.name.endswith((".yaml", ".yml"))]
    except (OSError, ValueError):
        return None
    guess = nearest(place.name, sorted(name for name in names if _is_file(place.parent / name)), named=True)
    return f"did you mean `{guess}`?" if guess else None


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):
        return False
