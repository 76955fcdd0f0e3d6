"""Whether the outputs that a spec names exist, and whether all its layers lead to one of them."""

from __future__ import annotations

from collections.abc import Mapping, Set

from archc.diagnostics.finding import MAX_FINDINGS, Finding, report
from archc.graph import Node
from archc.language.document import Document
from archc.language.reader import ScalarNode, SequenceNode
from archc.source import Span


def check_outputs(document: Document, nodes: Mapping[str, Node], read: Set[str]) -> list[Finding]:
    """The findings on the outputs of a document, of which the layers in `read` are read by others."""
    node = document.node("outputs")
    if not isinstance(node, SequenceNode) or document.spec.outputs is None:
        return []  # none is named, or a finding reports how they are written
    findings: list[Finding] = []
    named: dict[str, Span] = {}
    for item in node.items[:MAX_FINDINGS]:
        name = str(item.value) if isinstance(item, ScalarNode) else ""
        if name not in document.spec.layers:
            # Few specs need it, for the time of start-up.
            from archc.language.mistakes.vocabulary import did_you_mean

            help = did_you_mean(name, document.spec.layers, what="layers")
            findings.append(report(item.span, "ARC107", f"unknown layer `{name[:64]}` in `outputs`", help=help))
        elif name in named:
            message = f"duplicate output `{name}`; a network returns each value once"
            related = [(named[name], "first here")]
            findings.append(report(item.span, "ARC105", message, help="delete the second", related=related))
        named.setdefault(name, item.span)
    # An unknown name may mean any of the layers that seem to be unused.
    is_known = all(name in document.spec.layers for name in named)
    return [*findings, *(_unread(document, nodes, read, node.span) if is_known else ())]


def _unread(document: Document, nodes: Mapping[str, Node], read: Set[str], outputs: Span) -> list[Finding]:
    named = set(document.spec.outputs or [])
    return [
        report(
            layer.span,
            "ARC110",
            f"{name} is never used",
            help=f"read it, add it to `outputs:`, or delete {name}",
            related=[(outputs, "the outputs")],
            layer=name,
        )
        for name, layer in nodes.items()
        if name not in read and name not in named
    ]


def check_inputs(document: Document, read: Set[str]) -> list[Finding]:
    """The findings on inputs that no layer reads; a single one is read by the first layer."""
    found: list[Finding] = []
    for name in document.spec.input:
        if name not in read:
            help = f"read it with `from: {name}`, or delete it"
            found.append(
                report(document.spans.key("input", name), "ARC110", f"the input {name} is never used", help=help)
            )
    return found
