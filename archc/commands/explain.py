"""archc explain: explain a code, an op, a word of the language or a concept."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from archc.console.terminal import columns, style_of
from archc.explain.concepts import Concept, asked_as, concepts, mentioned
from archc.explain.explanation import Explanation, explanation_of, names, title_of
from archc.explain.words import page_of, sections, words
from archc.failure import Failure
from archc.language.mistakes.vocabulary import absence, nearest
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
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WORD",
            help="Code (ARC210), op (conv2d), section (train), field (padding) or concept (pooling) to explain. "
            "Without one, list the codes, ops, sections and concepts.",
            show_default=False,
            autocompletion=lambda: [*names(), *concepts(), *words()],
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option(help="Format of the output. Markdown is the format of docs/reference.md.")
    ] = PageFormat.full,
) -> None:
    """Explain a code, an op, a word of the language or a concept.

    Print the meaning of a code or an op with a failing example, its findings, and the corrected example. Print what a
    section or a field means, and which ops or sections have it.
    """
    word = " ".join(asked) if asked else None
    if word is None:
        for failure in ops().failures():
            print(failure, file=sys.stderr)
    if word is None and output_format is PageFormat.full:
        titles = [(name, title_of(name)) for name in names()]
        titles += [(each.name, each.title) for each in (*sections().values(), *concepts().values())]
        typer.echo(listing(titles, width=_width()))
        return
    explanations, of_language, topics = _all() if word is None else _one(word)
    if output_format is PageFormat.json:
        typer.echo(json.dumps(as_json(explanations, [*of_language, *topics]), indent=2))
    elif output_format is PageFormat.markdown:
        typer.echo(markdown(explanations, of_language, topics), nl=False)
    else:
        style = style_of(sys.stdout)
        texts = [page(explanation, style, width=_width()) for explanation in explanations]
        texts += [concept_page(concept, width=_width()) for concept in (*of_language, *topics)]
        typer.echo("".join(texts), nl=False, color=True)


_Pages = tuple[list[Explanation], list[Concept], list[Concept]]
"""Codes and ops, words of the language, and concepts."""


def _all() -> _Pages:
    explanations = [found for name in names() if (found := explanation_of(name))]
    return explanations, [*sections().values()], [*concepts().values()]


def _one(word: str) -> _Pages:
    """The explanation of a code or an op, or the page of another word."""
    if explanation := explanation_of(word):
        return [explanation], [], []
    if failure := ops().failure(word.lower()):
        raise failure
    if concept := concepts().get(word.lower()):
        return [], [], [_with_field(concept)]
    if of_language := page_of(word.lower()):
        return [], [of_language], []
    help = _meant(word) or absence(word) or "list all names with `archc explain`"
    raise Failure(f"`{word[:64]}` is not a code, op, section, field or concept", help=help, code=2)


def _with_field(concept: Concept) -> Concept:
    """The page of a concept, with that of the field of the same name, if there is one."""
    field = page_of(concept.name)
    return (
        replace(concept, parts=(*concept.parts, f"`{field.name}` is also {field.title}:", *field.parts))
        if field
        else concept
    )


def _meant(word: str) -> str | None:
    """The help for a misspelling, or for another word for an op, a field or a concept."""
    if word.lower().startswith("arc"):
        codes = [name.lower() for name in names() if name not in ops()]
        code = nearest(word, [code for code in codes if code.startswith(word.lower())] or codes, named=True)
        return f"did you mean `{code.upper()}`?" if code else None
    guess = None if absence(word) else nearest(word, [*ops(), *concepts(), *words()])
    guesses = [f"`{name}`" for name in dict.fromkeys((guess, asked_as(word))) if name]
    if not guesses and not absence(word) and (inside := mentioned(word, ops())):
        guesses = [f"`{inside}`"]
    return f"did you mean {' or '.join(guesses)}?" if guesses else None


def _width() -> int:
    # Longer lines of prose are hard to read, however wide the terminal is.
    return min(columns(sys.stdout), WIDTH)
