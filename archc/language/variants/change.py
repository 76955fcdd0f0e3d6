"""A change of a spec, as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from archc.language.reader import YamlNode
from archc.language.variants.tree import Path
from archc.language.variants.words import OPTION, Verb
from archc.source import Span


@dataclass(frozen=True)
class Change:
    """A change of a spec. `target` is what it changes, and `value` what it gives, if it gives anything.

    `span` is all of it. The side of an insertion is `after`, else before. A change of a total that the spec `expects`
    may add that section.
    """

    verb: Verb
    span: Span
    target: YamlNode
    value: YamlNode | None = None
    after: bool = True
    expects: bool = False

    @property
    def is_tried(self) -> bool:
        """Whether it comes from the command line."""
        return self.span.source.name == OPTION

    def contains(self, span: Span) -> bool:
        """Whether a span is in the text of the change."""
        return span.source is self.span.source and self.span.start <= span.start and span.end <= self.span.end


class Steps(NamedTuple):
    """The steps of a path from the root of a spec, each with its span."""

    names: Path
    spans: tuple[Span, ...]
