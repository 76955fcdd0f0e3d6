"""archc explain: what does a code or an op mean?"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from archc.commands.failure import CommandFailure
from archc.commands.terminal import columns, wants_colour
from archc.diagnostics.text import ansi, unstyled, visible
from archc.explanation import Explanation, explanation_of, names, title_of
from archc.report.explain_json import as_json
from archc.report.explanation import listing, page
from archc.report.explanation_markdown import markdown
from archc.vocabulary import nearest

_WIDEST, _PIPE_WIDTH = 100, 80


class PageFormat(StrEnum):
    full = "full"
    json = "json"
    markdown = "markdown"


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|OP",
            help="A code, as in `error[ARC210]`, or an op; without one all are listed.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option(help="For a person, for a program, or for the docs.")
    ] = PageFormat.full,
) -> None:
    """Say what a code of a finding or an op means, with a spec that fails and the same corrected."""
    if word is None and output_format is PageFormat.full:
        typer.echo(listing([(name, title_of(name)) for name in names()], width=_width()))
        return
    pages = [_page(name) for name in (names() if word is None else [word])]
    if output_format is PageFormat.json:
        typer.echo(json.dumps(as_json(pages), indent=2, ensure_ascii=False))
    elif output_format is PageFormat.markdown:
        typer.echo(markdown(pages), nl=False)
    else:
        style = ansi if wants_colour(sys.stdout) else unstyled
        typer.echo(page(pages[0], style, width=_width()), nl=False, color=True)


def _page(name: str) -> Explanation:
    found = explanation_of(name)
    if found is None:
        known = {other.lower(): other for other in names()}
        guess = nearest(name, known)
        help = f"did you mean `{known[guess]}`?" if guess else "`archc explain` lists every code and op"
        raise CommandFailure(f"there is no code and no op `{visible(name[:64])}`", help=help, code=2)
    return found


def _width() -> int:
    return min(columns(sys.stdout, otherwise=_PIPE_WIDTH), _WIDEST)
