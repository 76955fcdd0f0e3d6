"""archc explain: what does a code, an op or a concept mean?"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from archc.console.terminal import columns, style_of
from archc.explain.concepts import Concept, concepts
from archc.explain.explanation import Explanation, explanation_of, names, title_of
from archc.failure import Failure
from archc.language.vocabulary import nearest
from archc.report.explain_json import as_json
from archc.report.explanation import concept_page, listing, page
from archc.report.explanation_markdown import markdown

_WIDEST, _PIPE_WIDTH = 100, 80


class PageFormat(StrEnum):
    full = "full"
    json = "json"
    markdown = "markdown"


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|OP|CONCEPT",
            help="A code, as in `error[ARC210]`, an op, or a concept; without one all are listed.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option(help="For a person, for a program, or for the docs.")
    ] = PageFormat.full,
) -> None:
    """Say what a finding's code, an op or a concept means.

    A code and an op with a spec that fails, what archc says of it, and the same corrected.
    """
    if word is None and output_format is PageFormat.full:
        titles = [(name, title_of(name)) for name in names()]
        typer.echo(listing([*titles, *((c.name, c.title) for c in concepts().values())], width=_width()))
        return
    explanations, pages = _all() if word is None else _one(word)
    if output_format is PageFormat.json:
        typer.echo(json.dumps(as_json(explanations, pages), indent=2))
    elif output_format is PageFormat.markdown:
        typer.echo(markdown(explanations, pages), nl=False)
    else:
        style = style_of(sys.stdout)
        texts = [page(explanation, style, width=_width()) for explanation in explanations]
        texts += [concept_page(concept, width=_width()) for concept in pages]
        typer.echo("".join(texts), nl=False, color=True)


def _all() -> tuple[list[Explanation], list[Concept]]:
    return [found for name in names() if (found := explanation_of(name))], [*concepts().values()]


def _one(word: str) -> tuple[list[Explanation], list[Concept]]:
    """The page on a word: an explanation, or a concept."""
    explanation, concept = explanation_of(word), concepts().get(word.lower())
    if explanation is None and concept is None:
        known = {name.lower(): name for name in (*names(), *concepts())}
        guess = nearest(word, known)
        help = f"did you mean `{known[guess]}`?" if guess else "`archc explain` lists all that there are"
        raise Failure(f"there is no code, op or concept `{word[:64]}`", help=help, code=2)
    return [explanation] if explanation else [], [concept] if concept else []


def _width() -> int:
    return min(columns(sys.stdout, otherwise=_PIPE_WIDTH), _WIDEST)
