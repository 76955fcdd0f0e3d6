"""archc graph: draw a network as a figure."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.console.specs import QuietOption, SpecArgument, facts_or_exit, resolve
from archc.console.writing import STANDARD_OUTPUT, write_out, write_sealed
from archc.emit.seal import DOT, MERMAID, XML
from archc.failure import Failure
from archc.figure import TooLarge
from archc.wording import counted, visible


class FigureFormat(StrEnum):
    svg = "svg"
    mermaid = "mermaid"
    dot = "dot"


_SUFFIXES = {
    ".svg": FigureFormat.svg,
    ".mmd": FigureFormat.mermaid,
    ".mermaid": FigureFormat.mermaid,
    ".dot": FigureFormat.dot,
    ".gv": FigureFormat.dot,
}
_TITLES = {FigureFormat.svg: "SVG", FigureFormat.mermaid: "Mermaid", FigureFormat.dot: "Graphviz"}
_COMMENTS = {FigureFormat.svg: XML, FigureFormat.mermaid: MERMAID, FigureFormat.dot: DOT}


def graph(
    spec: SpecArgument = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write, or - for standard output.", show_default="NAME.svg"),
    ] = None,
    figure_format: Annotated[
        FigureFormat | None,
        typer.Option("--format", help="Format of the figure.", show_default="by the suffix of -o, else svg"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that archc did not draw or that was edited.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Draw a network as SVG, Mermaid or Graphviz.

    Draw the SVG as blocks to scale, with one tower per device, like figure 2 of the AlexNet paper.
    """
    chosen = figure_format or _format_of(output)
    facts, _ = facts_or_exit(resolve(spec, quiet=quiet))
    try:
        text = _drawn(facts, chosen)
    except TooLarge as error:
        help = "" if chosen is FigureFormat.dot else "use `--format dot`, which has no limit"
        raise Failure(f"{facts.graph.name}: {error}", help=help, code=2) from error
    if output == STANDARD_OUTPUT:
        write_out(text)
        return
    suffix = next(suffix for suffix, known in _SUFFIXES.items() if known is chosen)
    place = output or Path(f"{facts.graph.name}{suffix}")
    write_sealed(place, text, _COMMENTS[chosen], force=force)
    if not quiet:
        typer.echo(f"{visible(str(place))}: {counted(len(facts.graph.nodes), 'layer')} as {_TITLES[chosen]}")


def _format_of(output: Path | None) -> FigureFormat:
    if output is None or output == STANDARD_OUTPUT:
        return FigureFormat.svg
    if (found := _SUFFIXES.get(output.suffix.lower())) is None:
        known = ", ".join(_SUFFIXES)
        raise Failure(f"unknown suffix of {output}", help=f"use {known}, or set `--format`", code=2)
    return found


def _drawn(facts: Facts, chosen: FigureFormat) -> str:
    # Each format is imported only when it is drawn.
    if chosen is FigureFormat.svg:
        from archc.figure.network import draw
        from archc.figure.svg import svg

        return svg(draw(facts.graph, facts.placement))
    if chosen is FigureFormat.mermaid:
        from archc.figure.mermaid import mermaid

        return mermaid(facts.graph, facts.placement)
    from archc.figure.dot import dot

    return dot(facts.graph, facts.placement)
