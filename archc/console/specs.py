"""Which spec a command works on, and its bytes."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts, analyse
from archc.diagnostics.finding import Finding
from archc.failure import Failure
from archc.language.packaged import packaged_specs
from archc.language.reader import MAX_BYTES

DEFAULT = Path("specs", "alexnet.yaml")
STDIN = "<stdin>"

SpecArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="SPEC", help="The spec, - for standard input; by default specs/alexnet.yaml.", show_default=False
    ),
]


class OutputFormat(StrEnum):
    full = "full"
    json = "json"


OutputFormatOption = Annotated[OutputFormat, typer.Option(help="For a person, or for a program.")]


def resolve(spec: Path | None) -> tuple[Path, list[str]]:
    """The spec asked for; without one the current folder's, else the packaged one, and a note that says which."""
    if spec is not None:
        return spec, []
    chosen = DEFAULT if DEFAULT.is_file() else packaged_specs() / DEFAULT.name
    whose = "of this folder" if chosen == DEFAULT else "that comes with archc"
    return chosen, [f"spec: {chosen}, the one {whose}, since none was named"]


def resolve_aloud(spec: Path | None) -> Path:
    """`resolve`, with its note on standard error."""
    path, notes = resolve(spec)
    for note in notes:
        typer.echo(note, err=True)
    return path


def spec_name(path: Path) -> str:
    """What a spec is called; - is standard input."""
    return STDIN if path == Path("-") else str(path)


def read_bytes(path: Path) -> bytes:
    """The bytes of a spec, of standard input for -; at most one more than the reader's limit."""
    if path == Path("-"):
        return _standard_input()
    try:
        if path.exists() and not path.is_file() and not _is_substituted(path):
            kind = "a folder" if path.is_dir() else "no regular file"
            raise Failure(f"{path} is {kind}, a spec is a YAML file", code=2)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        help = f"the specs that come with archc are in {packaged_specs()}"
        raise Failure(f"there is no file {path}", help=help, code=2) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Failure(f"cannot read {path}: {reason}", code=2) from None


def _standard_input() -> bytes:
    stream = getattr(sys, "stdin", None)
    if stream is None:
        raise Failure("standard input is closed", code=2)
    try:
        return stream.buffer.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"cannot read standard input: {error.strerror}", code=2) from None


def _is_substituted(path: Path) -> bool:
    """Whether it is a pipe that a shell has opened, as for `<(…)`; into one of another name nobody may ever write."""
    return path.parent == Path("/dev/fd") and path.is_fifo()


def show_findings(findings: list[Finding], *, err: bool) -> None:
    """The findings as text, in colour on a terminal that wants it."""
    if not findings:
        return
    from archc.console.terminal import columns, style_of
    from archc.diagnostics.text import WIDTH, render

    stream = sys.stderr if err else sys.stdout
    typer.echo(render(findings, style_of(stream), width=columns(stream, otherwise=WIDTH)), err=err, color=True)


def facts_or_exit(path: Path) -> tuple[Facts, bytes]:
    """The facts of a spec for a command that needs them; its findings on standard error, exit 1 on an error."""
    data = read_bytes(path)
    analysis = analyse(data, spec_name(path))
    show_findings(analysis.findings, err=True)
    if analysis.facts is None:
        raise typer.Exit(1)
    return analysis.facts, data
