"""The specs that a command line names as files, folders or standard input, each with its name and its bytes."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from archc.console.specs import DEFAULT, STDIN, Named, named, read_bytes, resolve
from archc.failure import Failure
from archc.language.asked import PLAIN, Asked
from archc.language.reader import MARKER, MAX_BYTES
from archc.wording import counted, visible

SpecsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SPEC",
        help="Spec files or folders, or - for standard input; SPEC:NAME is a variant of a spec. A folder means the "
        ".yaml and .yml files below it that have a line `schema: archc/…`; hidden folders are skipped. Default: "
        "specs/alexnet.yaml.",
        show_default=False,
    ),
]

# A key of the whole file starts its line: an indented one is a key, or text, inside of another one's value.
_IN_BLOCK = re.compile(rb"(?:^|[\r\n]|\A\xef\xbb\xbf)" + MARKER)
_FLOW = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:(?:#|---|%)[^\r\n]*)?[\r\n])*(?:---)?[ \t]*\{")
_IN_FLOW = re.compile(rb"[{,\s]" + MARKER)


class SpecFile(NamedTuple):
    """A spec named on the command line, and its bytes. `place` is None for standard input."""

    name: str
    data: bytes
    place: Path | None
    asked: Asked = PLAIN

    @property
    def label(self) -> str:
        """Its name in output, with the variant."""
        return self.asked.label(self.name)

    @property
    def is_whole(self) -> bool:
        """Whether `data` is the whole file. Reading stops one byte after the limit, where ARC003 is certain."""
        return len(self.data) <= MAX_BYTES

    @property
    def is_spec(self) -> bool:
        """Whether `schema: archc/…` is a key of the whole file, in a block or in `{…}`, whatever else is in it."""
        if flow := _FLOW.match(self.data):
            found = (
                self.data[flow.end() : match.start() + 1] for match in _IN_FLOW.finditer(self.data, flow.end() - 1)
            )
            return any(sum(map(before.count, b"{[")) == sum(map(before.count, b"}]")) for before in found)
        return bool(_IN_BLOCK.search(self.data))

    def rewrite(self, data: bytes) -> None:
        """Replace the file by `data`. For standard input, write `data` to standard output."""
        if self.place is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        from archc.files import write_whole  # a check writes nothing

        try:
            # Replacing a file needs no permission to write the file itself, so a read-only file needs its own check.
            if not os.access(self.place, os.W_OK):
                raise Failure(f"cannot write {self.place}: Permission denied", code=3)
            write_whole(self.place, data)
        except OSError as error:
            raise Failure(f"cannot write {self.place}: {error.strerror}", code=3) from error


SkipUnmarkedOption = Annotated[
    bool,
    typer.Option(
        "--skip-unmarked",
        help="Skip files that have no line `schema: archc/…`, such as other YAML files that pre-commit passes.",
    ),
]


def spec_files(
    arguments: list[str], *, to_write: str | None = None, skip_unmarked: bool = False, quiet: bool = False
) -> list[SpecFile]:
    """The specs that the arguments name, without duplicates, in their order. Those of a folder are sorted by path.

    `to_write` is set for a command that writes its specs: the command line to suggest if it names none. Such a command
    never gets the spec that is shipped with archc, which is part of the installation. With `skip_unmarked`, the result
    has only specs, and may be empty.
    """
    if not arguments:
        if to_write and not DEFAULT.is_file():
            raise Failure(f"no spec given, and {DEFAULT} does not exist", help=f"name the spec: `{to_write}`", code=2)
        place = resolve(None, quiet=quiet).path
        return [SpecFile(str(place), read_bytes(place), place)]
    found: dict[str, SpecFile] = {}
    for argument in arguments:
        for file in _named(argument, may_be_empty=skip_unmarked, quiet=quiet):
            if to_write and file.asked.variant:
                help = f"name the file: `{to_write.replace('SPEC', file.name)}`"
                raise Failure(f"{file.label} is a part of a file", help=help, code=2)
            found.setdefault(file.label, file)
    files = list(found.values())
    if not skip_unmarked:
        return files
    specs = _marked(files, "", quiet=quiet)
    if not to_write or (text := found.get(STDIN)) in (None, *specs):
        return specs
    if not text.is_whole:
        return [*specs, text]
    text.rewrite(text.data)  # as a file that is skipped keeps its text
    return specs


def spec_file(argument: str) -> SpecFile:
    """The spec that an argument names. - is standard input."""
    return _read(named(argument))


def _read(spec: Named) -> SpecFile:
    return SpecFile(spec.name, read_bytes(spec.path), None if spec.name == STDIN else spec.path, spec.asked)


def is_folder(argument: str) -> bool:
    """Whether an argument names a folder. False for a path that the system refuses: reading it reports that."""
    try:
        return argument != "-" and Path(argument).is_dir()
    except OSError:
        return False


def _named(argument: str, *, may_be_empty: bool, quiet: bool) -> Iterator[SpecFile]:
    # Usually an unset shell variable. To Path, an empty path is the current folder.
    if not argument:
        raise Failure("the path of a spec is empty", help="use `.` for the current folder", code=2)
    if is_folder(argument):
        yield from _below(Path(argument), may_be_empty=may_be_empty, quiet=quiet)
    else:
        yield spec_file(argument)


def _below(folder: Path, *, may_be_empty: bool, quiet: bool) -> list[SpecFile]:
    """The specs below a folder."""
    files = [SpecFile(str(place), read_bytes(place), place) for place in sorted(_yaml_below(folder))]
    if not may_be_empty and not any(file.is_spec for file in files):
        raise Failure(f"no spec in {folder}/: no YAML file has a `schema: archc/…` line", code=2)
    return _marked(files, f" in {visible(str(folder))}/", quiet=quiet)


def _marked(files: list[SpecFile], where: str, *, quiet: bool) -> list[SpecFile]:
    """The files that are specs. Unless quiet, print the number of the others, so that no file is skipped silently."""
    specs = [file for file in files if file.is_spec]
    others = len(files) - len(specs)
    if others and not quiet:
        typer.echo(f"skipped {counted(others, 'YAML file')}{where}: no `schema: archc/…` line", err=True)
    return specs


def _yaml_below(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise Failure(f"cannot read {error.filename}: {error.strerror}", code=2)

    for parent, folders, files in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            place = Path(parent, name)
            if place.suffix in (".yaml", ".yml") and place.is_file():
                yield place
