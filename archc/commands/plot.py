"""archc plot: the curves of training runs as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archc.console.extras import demand
from archc.console.specs import QuietOption
from archc.console.writing import STANDARD_OUTPUT, write_out, write_sealed
from archc.emit.seal import XML, seal
from archc.failure import USAGE, Failure
from archc.history.events import history
from archc.wording import counted, visible


def plot(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of runs, such as runs/NAME-TIME.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="SVG file to write, or - for standard output.")] = Path(
        "curves.svg"
    ),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that archc did not draw or that was edited.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Draw the curves of training runs as SVG.

    Draw the loss, the accuracy and the learning rate, step by step, with several runs in one figure. Draw unfinished
    runs as far as they are. Needs matplotlib, archc's extra `plot`.
    """
    if output != STANDARD_OUTPUT and output.suffix.lower() != ".svg":
        raise Failure(f"unknown suffix of {output}", help="name a file that ends in .svg", code=USAGE)
    if len({run.resolve() for run in runs}) < len(runs):
        raise Failure("a run is named twice", help="name each run once", code=USAGE)
    found = [history(run) for run in runs]
    demand("matplotlib", "`archc plot`")
    from archc.history.curves import curves

    text = seal(curves(found), XML)
    if output == STANDARD_OUTPUT:
        write_out(text)
        return
    write_sealed(output, text, XML, force=force)
    if not quiet:
        typer.echo(f"{visible(str(output))}: {counted(len(found), 'run')}")
