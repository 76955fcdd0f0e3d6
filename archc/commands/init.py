"""archc init: write a first spec to start from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from archc.console.specs import QuietOption
from archc.console.starter import network_name, shipped, starter
from archc.console.writing import STANDARD_OUTPUT, write_out
from archc.failure import Failure
from archc.files import write_whole
from archc.wording import visible


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="File to write, or - for standard output. It must not exist.")
    ] = Path("net.yaml"),
    template: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME",
            help="Spec to copy, of those shipped with archc, such as alexnet.",
            show_default="a small network with comments",
            autocompletion=shipped,
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Write a first spec to start from.

    The network gets the name of the file.
    """
    if file == STANDARD_OUTPUT:
        write_out(starter(template, template or "first"))
        return
    text = starter(template, network_name(file))
    try:
        if file.exists() or file.is_symlink():
            raise Failure(f"{file} exists", help=f"name another file: `archc init {_free(file)}`", code=2)
        write_whole(file, text.encode())
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Failure(f"cannot write {file}: {reason}", help="name another file", code=3) from error
    if not quiet:
        shown = visible(shlex.quote(str(file)))
        typer.echo(f"wrote {visible(str(file))}\nnext: archc check {shown}\n      archc train {shown} --steps 200")


def _free(file: Path) -> str:
    """A file beside this one that does not exist yet."""
    number = 2
    while (other := file.with_name(f"{file.stem}{number}{file.suffix}")).exists():
        number += 1
    return shlex.quote(str(other))
