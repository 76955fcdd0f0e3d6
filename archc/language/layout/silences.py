"""What a suppression covers: the text of one line, which formatting neither breaks nor joins with other text.

A suppression applies to a line, so the layout of what it covers is a part of its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable

from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode


def speaks(comment: str) -> bool:
    """Whether a comment may contain a suppression."""
    return "archc:" in comment


def as_written(text: str, start: int, end: int, node: YamlNode) -> tuple[str, ...] | None:
    """The lines of a value between two offsets, without their indentation; None if they cannot be moved unchanged."""
    written = text[start:end]
    # Anchors and aliases are put in order elsewhere, and white space in a scalar of several lines has a meaning.
    if "&" in written or "*" in written or any("\n" in scalar for scalar in _scalars(text, node)):
        return None
    first, *others = (line.strip() for line in written.split("\n"))
    return (first, *filter(None, others))


def _scalars(text: str, node: YamlNode) -> Iterable[str]:
    match node:
        case ScalarNode():
            yield text[node.span.start : node.span.end]
        case SequenceNode():
            for item in node.items:
                yield from _scalars(text, item)
        case MappingNode():
            for key, value in node.entries.items():
                yield from _scalars(text, node.keys[key])
                yield from _scalars(text, value)
