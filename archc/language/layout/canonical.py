"""A spec's text to the text of its one layout, proved to mean the same."""

from __future__ import annotations

from collections import Counter

from archc.diagnostics.finding import Finding
from archc.language.comments import comments
from archc.language.layout.printing import lines
from archc.language.layout.tree import tree
from archc.language.reader import MAX_BYTES, MappingNode, YamlNode, plain, read


class MeaningChanged(Exception):
    """The text laid out anew is not what the old one was: a defect of archc."""


def canonical(data: bytes, name: str) -> tuple[bytes | None, list[Finding]]:
    """The bytes laid out anew; None and the findings for what is no YAML that archc reads. Raises MeaningChanged."""
    root, findings = read(data, name)
    if root is None or findings:
        return None, findings
    if b"\r" in data:
        root, _ = read(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), name)
        assert root is not None
    formatted = ("\n".join(lines(*tree(root))) + "\n").encode()
    again, findings = read(formatted, name)
    if len(formatted) > MAX_BYTES:
        return None, findings
    if again is None or findings or _meaning(again) != _meaning(root):
        raise MeaningChanged
    return formatted, []


def _meaning(root: YamlNode) -> tuple[object, list[str], Counter[str]]:
    """The data, the order of the layers, and the comments."""
    text = root.span.source.text
    layers = root.entries.get("layers") if isinstance(root, MappingNode) else None
    order = list(layers.entries) if isinstance(layers, MappingNode) else []
    return plain(root), order, Counter(text[span.start : span.end].rstrip() for span in comments(root))
