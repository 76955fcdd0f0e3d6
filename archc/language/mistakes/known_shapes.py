"""What a spec with errors still describes: whether the shapes of all its layers, and which other sections."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import Finding
from archc.graph import Graph
from archc.language.document import Document
from archc.language.reader import MappingNode
from archc.source import Span

# The sections that no shape depends on.
_OTHERS = ("schema", "name", "title", "outputs", "parallel", "train", "expect")


def unread_sections(document: Document, graph: Graph, findings: Iterable[Finding]) -> frozenset[str] | None:
    """The sections with an error, all of them beside the shapes; None if the shape of a layer is not known.

    An error that gives a layer no place in the graph leaves its shape unknown, and so does one in a layer, in the
    defaults or in the input: what is read there may not be what is meant.
    """
    layers = document.node("layers")
    if not isinstance(layers, MappingNode) or not document.input_known:
        return None
    if not graph.outputs or len(graph.nodes) < len(layers.entries):
        return None
    harmless = {key.span for key in layers.keys.values()}
    harmless |= {
        body.entries["expect"].span
        for body in layers.entries.values()
        if isinstance(body, MappingNode) and "expect" in body.entries
    }
    missing = {name for name in ("schema", "name") if name not in document.root.entries}
    unread = set(missing)
    for finding in findings:
        if finding.severity != "error" or finding.span in harmless:
            continue
        section = _section(document, finding.span)
        is_missing = missing and finding.span.start == finding.span.end == document.root.span.start
        if section is None and not is_missing:
            return None
        unread |= {section} if section else set()
    return frozenset(unread)


def _section(document: Document, span: Span) -> str | None:
    """Which of the sections that no shape depends on contains a span."""
    root = document.root
    for name in _OTHERS:
        if name in root.entries and root.keys[name].span.start <= span.start < root.entries[name].span.end:
            return name
    return None
