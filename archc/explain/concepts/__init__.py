"""Pages on what many ops share, such as how arithmetic is counted: a file NAME.md each, found without a line here.

The first line is the title, after `# `. Parts are divided by empty lines: prose, a list of `- ` items, or a block that
stands as it is, each line indented by four spaces and at most 76 wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Concept:
    """A page by its name, as its file has it; `parts` are those after the title."""

    name: str
    title: str
    parts: tuple[str, ...]


@cache
def concepts() -> dict[str, Concept]:
    """All pages, by name."""
    pages = [page for page in files(__name__).iterdir() if page.name.endswith(".md")]
    texts = {page.name.removesuffix(".md"): page.read_text(encoding="utf-8") for page in pages}
    return {name: _read(name, texts[name]) for name in sorted(texts)}


def _read(name: str, text: str) -> Concept:
    title, *parts = text.strip("\n").split("\n\n")
    return Concept(name, title.removeprefix("# "), tuple(parts))
