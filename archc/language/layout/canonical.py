"""Formats the text of a spec, and verifies that the result means the same."""

from __future__ import annotations

from collections import Counter

from archc.diagnostics.finding import Finding
from archc.language.comments import comments
from archc.language.layout.printing import lines
from archc.language.layout.tree import tree
from archc.language.reader import MAX_BYTES, MappingNode, YamlNode, plain, read

_MORE_PASSES = 3


class MeaningChanged(Exception):
    """The formatted text does not mean the same as the original: an internal error."""


def canonical(data: bytes, name: str) -> tuple[bytes | None, list[Finding]]:
    """The formatted bytes, or None and the findings if archc cannot read the text as YAML.

    Raises MeaningChanged rather than return a text that lost anything.
    """
    root, findings = read(data, name)
    if root is None or findings:
        return None, findings
    # The tree looks for lines at LF only. Nodes have the spans of their own source, so the text is read once more.
    if b"\r" in data:
        root, _ = read(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), name)
        assert root is not None
    formatted = _laid_out(root)
    # A suppression that moves can cover other text at its new place, whose layout then changes too.
    again, findings = read(formatted, name)
    for _ in range(_MORE_PASSES if b"archc:" in data else 0):
        if again is None or findings or (once_more := _laid_out(again)) == formatted:
            break
        formatted = once_more
        again, findings = read(formatted, name)
    # Indentation can push a text over the limit; `findings` then has that error, and the text stays as it is.
    if len(formatted) > MAX_BYTES:
        return None, findings
    if again is None or findings or _meaning(again) != _meaning(root):
        raise MeaningChanged
    return formatted, []


def _laid_out(root: YamlNode) -> bytes:
    return ("\n".join(lines(*tree(root))) + "\n").encode()


def _meaning(root: YamlNode) -> tuple[object, list[str], Counter[str]]:
    """What formatting must keep: the data, the order of the layers, and the comments."""
    text = root.span.source.text
    sections = root.entries if isinstance(root, MappingNode) else {}
    blocks = sections.get("blocks")
    bodies = blocks.entries.values() if isinstance(blocks, MappingNode) else ()
    inside = [body.entries.get("layers") for body in bodies if isinstance(body, MappingNode)]
    layers = [part for part in (sections.get("layers"), *inside) if isinstance(part, MappingNode)]
    # Layers without `from` read the one before, so their order has a meaning. A dict compares equal in any order.
    order = [name for part in layers for name in part.entries]
    return plain(root), order, Counter(text[span.start : span.end].rstrip() for span in comments(root))
