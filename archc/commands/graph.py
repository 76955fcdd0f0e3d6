"""archc graph: draw a network as a figure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from archc.analysis import Facts
from archc.console.specs import QuietOption, SetOption, SpecArgument, VariantOption, facts_or_exit, resolve
from archc.console.writing import STANDARD_OUTPUT, write_out, write_sealed
from archc.emit.seal import DOT, MERMAID, XML
from archc.failure import Failure
from archc.figure import TooLarge
from archc.outline import outline
from archc.wording import counted, listed, visible


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
    opened: Annotated[
        list[str] | None,
        typer.Option(
            "--open", metavar="PATH", help="Draw the layers of a block or stage, such as layer2, in place. Repeatable."
        ),
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Draw every layer of blocks in place.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a file that archc did not draw or that was edited.")
    ] = False,
    quiet: QuietOption = False,
    variant: VariantOption = None,
    values: SetOption = None,
) -> None:
    """Draw a network as SVG, Mermaid or Graphviz.

    Draw the SVG as boxes to scale, with one tower per device, like figure 2 of the AlexNet paper.
    Draw a block as one box, and its inside once.
    """
    chosen = figure_format or _format_of(output)
    facts, _ = facts_or_exit(resolve(spec, variant, values, quiet=quiet))
    try:
        text = _drawn(facts, chosen, facts.graph.scopes if wide else _known(facts, opened or ()))
    except TooLarge as error:
        fewer = "leave out `--wide`, or " if wide and facts.graph.scopes else ""
        help = "" if chosen is FigureFormat.dot else f"{fewer}use `--format dot`, which has no limit"
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


def _known(facts: Facts, paths: Iterable[str]) -> Iterable[str]:
    """The paths to open, all of which are blocks or stages."""
    scopes = facts.graph.scopes
    for path in paths:
        if path not in scopes:
            closed = [part.path for part in outline(facts.graph) if part.blocks]
            some = (
                f"use one of {listed(closed)}, or of those in them"
                if scopes
                else "leave it out: the spec has no blocks and no stages"
            )
            raise Failure(f"--open {visible(path[:64])}: no block or stage has this path", help=some, code=2)
    return paths


def _drawn(facts: Facts, chosen: FigureFormat, opened: Iterable[str]) -> str:
    # Each format is imported only when it is drawn.
    if chosen is FigureFormat.svg:
        from archc.figure.network import draw
        from archc.figure.svg import svg

        return svg(draw(facts.graph, facts.placement, opened))
    if chosen is FigureFormat.mermaid:
        from archc.figure.mermaid import mermaid

        return mermaid(facts.graph, facts.placement, opened)
    from archc.figure.dot import dot

    return dot(facts.graph, facts.placement, opened)
