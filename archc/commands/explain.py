"""archc explain: explain a code, an op or a concept."""

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
from archc.language.vocabulary import absence, nearest
from archc.ops import ops
from archc.report.explain_json import as_json
from archc.report.explanation import concept_page, listing, page
from archc.report.explanation_markdown import markdown
from archc.wording import WIDTH


class PageFormat(StrEnum):
    full = "full"
    json = "json"
    markdown = "markdown"


def explain(
    word: Annotated[
        str | None,
        typer.Argument(
            metavar="CODE|OP|CONCEPT",
            help="Code (ARC210), op (conv2d) or concept (macs) to explain. Without one, list all of them.",
            show_default=False,
            autocompletion=lambda: [*names(), *concepts()],
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option(help="Format of the output. Markdown is the format of docs/reference.md.")
    ] = PageFormat.full,
) -> None:
    """Explain a code, an op or a concept.

    Print the meaning of a code or an op with a failing example, its findings, and the corrected example.
    """
    if word is None:
        for failure in ops().failures():
            print(failure, file=sys.stderr)
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
    """The explanation of a code or an op, or the concept, that a word names."""
    if explanation := explanation_of(word):
        return [explanation], []
    if failure := ops().failure(word.lower()):
        raise failure
    concept = concepts().get(word.lower())
    if concept is None:
        known = {name.lower(): name for name in (*names(), *concepts())}
        lacking = absence(word)
        guess = None if lacking else nearest(word, known, named=True)
        help = f"did you mean `{known[guess]}`?" if guess else lacking or "list all names with `archc explain`"
        raise Failure(f"unknown code, op or concept `{word[:64]}`", help=help, code=2)
    return [], [concept]


def _width() -> int:
    # Longer lines of prose are hard to read, however wide the terminal is.
    return min(columns(sys.stdout), WIDTH)
