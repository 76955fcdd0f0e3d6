"""Pages on what many ops have in common, such as how arithmetic is counted: one file NAME.md each.

The first line of a file is its title, after `# `. A second line `Asked as: ` lists other words for the subject, which
lead to the page and are not shown. Empty lines separate its parts: prose, a list of `- ` items, or a block whose lines
are indented by four spaces, at most 76 wide, and shown as they are. A block `{element_ops}` or `{kept}` becomes a table
of the ops, from what each op declares. The pages of the ops, fields and codes that a last part `See also: ` names refer
back to the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from textwrap import wrap

from archc.language.mistakes.vocabulary import folded
from archc.ops import ops
from archc.ops.op import Op

_WIDTH = 76
_INDENT = "    "
# The widest column of names; more of them go on further lines.
_MOST_LEFT = 36
_ASKED_AS, _SEE_ALSO = "\nAsked as: ", "See also: "
_TABLES: dict[str, Callable[[type[Op]], str]] = {
    "{element_ops}": lambda op: op.element_ops_words,
    "{kept}": lambda op: op.kept_words,
}


@dataclass(frozen=True, slots=True)
class Concept:
    """A page by the name of its file; `parts` are the parts after the title."""

    name: str
    title: str
    parts: tuple[str, ...]
    asked_as: tuple[str, ...] = ()

    @property
    def see_also(self) -> tuple[str, ...]:
        """The words whose pages have more on the subject."""
        return tuple(re.findall("`(.+?)`", self.parts[-1])) if self.parts[-1].startswith(_SEE_ALSO) else ()


@cache
def concepts() -> dict[str, Concept]:
    """All pages by name."""
    pages = [page for page in files(__name__).iterdir() if page.name.endswith(".md")]
    texts = {page.name.removesuffix(".md"): page.read_text(encoding="utf-8") for page in pages}
    return {name: _read(name, texts[name]) for name in sorted(texts)}


def asked_as(phrase: str) -> str | None:
    """The name of the page that other words for its subject lead to: the words, or the most of them in a phrase."""
    asked = {word: page.name for page in concepts().values() for word in (page.name, *page.asked_as)}
    exact = next((name for word, name in asked.items() if folded(word) == folded(phrase)), None)
    inside = mentioned(phrase, asked)
    return exact or (asked[inside] if inside else None)


def mentioned(phrase: str, words: Iterable[str]) -> str | None:
    """The longest of some words that is in a phrase, in the singular or the plural, with hyphens or without."""
    own = f" {_singular(phrase)} "
    found = [word for word in words if (singular := _singular(word)) and f" {singular} " in own]
    return max(found, key=len, default=None)


def _singular(phrase: str) -> str:
    return " ".join(word[:-1] if len(word) > 3 and word[-1] == "s" else word for word in _words(phrase))


def _words(phrase: str) -> list[str]:
    return re.findall("[a-z0-9]+", phrase.lower())


def reference(word: str) -> list[str]:
    """A paragraph that refers from the page of a word to those on what it is for; none if there are none."""
    names = [f"`archc explain {page.name}`" for page in concepts().values() if word in page.see_also]
    return [f"{_SEE_ALSO}{', '.join(names)}."] if names else []


def _read(name: str, text: str) -> Concept:
    head, *parts = text.strip("\n").split("\n\n")
    title, _, words = head.partition(_ASKED_AS)
    asked = tuple(" ".join(words.split()).split(", ")) if words else ()
    return Concept(name, title.removeprefix("# "), tuple(map(_filled, parts)), asked)


def _filled(part: str) -> str:
    words = _TABLES.get(part.strip())
    return part if words is None else "\n".join(_table(words))


def _table(words: Callable[[type[Op]], str]) -> Iterator[str]:
    """A row for all ops with the same words, in two columns."""
    rows: dict[str, list[str]] = {}
    for name, op in sorted(ops().items()):
        rows.setdefault(words(op), []).append(name)
    left = min(max(len(", ".join(names)) for names in rows.values()), _MOST_LEFT)
    between = " " * 4
    for text, names in rows.items():
        right = wrap(text, _WIDTH - len(_INDENT) - left - len(between))
        for name, line in zip_longest(wrap(", ".join(names), left), right, fillvalue=""):
            yield f"{_INDENT}{name:<{left}}{between}{line}".rstrip()
