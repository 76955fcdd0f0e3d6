"""Several specs at once: files, folders and standard input, as what they are called and their bytes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from archc.console.specs import STDIN, read_bytes, resolve_aloud
from archc.failure import Failure
from archc.language.reader import MAX_BYTES

SpecsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SPEC",
        help="Specs, folders (the .yaml and .yml files below them that have a line `schema: archc/…`, hidden folders "
        "apart) and - for standard input; by default specs/alexnet.yaml.",
        show_default=False,
    ),
]

# Wherever `schema` can stand in front of `archc/`: a line of its own, in quotes, in `{…}`.
_SCHEMA = re.compile(rb"""(?:^|[\r\n{,\xbf])[ \t]*["']?schema["']?[ \t]*:[ \t]*["']?archc/""")


class SpecFile(NamedTuple):
    """A spec that was asked for: what it is called and its bytes; `place` is None for standard input."""

    name: str
    data: bytes
    place: Path | None

    @property
    def is_whole(self) -> bool:
        """Whether `data` is all of it: no more is read than shows that it is too long."""
        return len(self.data) <= MAX_BYTES

    @property
    def is_spec(self) -> bool:
        """Whether it means to be one."""
        return bool(_SCHEMA.search(self.data))

    def rewrite(self, data: bytes) -> None:
        """Write other bytes in its place, or to standard output for what came from standard input."""
        if self.place is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        from archc.console.writing import write_whole  # a check writes nothing

        try:
            if not os.access(self.place, os.W_OK):
                raise Failure(f"cannot write {self.place}: Permission denied", code=3)
            write_whole(self.place, data)
        except OSError as error:
            raise Failure(f"cannot write {self.place}: {error.strerror}", code=3) from error


def spec_files(arguments: list[str]) -> list[SpecFile]:
    """The specs that the arguments name, each once: in the order given, those of a folder sorted by path."""
    if not arguments:
        place = resolve_aloud(None)
        return [SpecFile(str(place), read_bytes(place), place)]
    found: dict[str, SpecFile] = {}
    for argument in arguments:
        for file in _named(argument):
            found.setdefault(file.name, file)
    return list(found.values())


def spec_file(argument: str) -> SpecFile:
    """The one spec that an argument names, - being standard input."""
    if argument == "-":
        return SpecFile(STDIN, read_bytes(Path(argument)), None)
    return SpecFile(str(Path(argument)), read_bytes(Path(argument)), Path(argument))


def _named(argument: str) -> Iterator[SpecFile]:
    if not argument:  # a variable of the shell's that is not set: to Path it is the current folder
        raise Failure("a spec's name is empty", help="`.` is the current folder", code=2)
    if argument != "-" and Path(argument).is_dir():
        yield from _below(Path(argument))
    else:
        yield spec_file(argument)


def _below(folder: Path) -> Iterator[SpecFile]:
    """The specs below a folder; how many YAML files are none is said, so that none is left out in silence."""
    files = [SpecFile(str(place), read_bytes(place), place) for place in sorted(_yaml_below(folder))]
    specs = [file for file in files if file.is_spec]
    others = len(files) - len(specs)
    if not specs:
        raise Failure(f"there is no spec below {folder}: no YAML file with a line `schema: archc/…`", code=2)
    if others:
        from archc.wording import visible

        what = "1 YAML file is" if others == 1 else f"{others} YAML files are"
        typer.echo(f"below {visible(str(folder))}, {what} left out: no line `schema: archc/…`", err=True)
    yield from specs


def _yaml_below(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise Failure(f"cannot read {error.filename}: {error.strerror}", code=2)

    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            place = Path(parent, name)
            if place.suffix in (".yaml", ".yml") and place.is_file():
                yield place
