"""The defaults of a spec: the fields of each op that its layers inherit, and the findings on them.

A mistake here is reported here, once. `misread` are the required fields that no layer of an op may be said to lack,
because a mistake in the defaults may have given them. `foreign` are the fields that the op does not have: a layer's own
may be meant to override them. `written` are all fields as they are written. `derived` are the fields, apart from those
in `of`, whose values follow from what a layer reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from archc.diagnostics.finding import Finding
from archc.language.reader import MappingNode, ScalarNode
from archc.ops import ops
from archc.ops.op import Op
from archc.source import Span


@dataclass
class Defaults:
    """The fields that layers of each op inherit, without those that its op does not have."""

    of: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])
    findings: list[Finding] = field(default_factory=list[Finding])
    misread: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    foreign: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    written: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])
    derived: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])

    def inherited(self, body: MappingNode, op: str) -> MappingNode:
        """A layer with the derived values that it inherits."""
        if op not in self.derived:
            return body
        more = {name: node for name, node in self.derived[op].entries.items() if name not in body.entries}
        keys = {name: self.derived[op].keys[name] for name in more}
        return body._replace(entries={**body.entries, **more}, keys={**body.keys, **keys})

    def others(self, op: str) -> list[tuple[str, MappingNode]]:
        """The defaults of an op as they are written."""
        return [("the defaults", self.written[op])] if op in self.written else []

    def contain(self, op: str, span: Span) -> bool:
        """Whether a span lies in the op's defaults, whose mistakes are reported there and not at each layer."""
        defaults = self.of.get(op)
        return defaults is not None and defaults.span.start <= span.start < defaults.span.end

    def field_at(self, op: str, span: Span) -> str | None:
        """The field of the op's defaults, as it is written, whose key or value contains a span."""
        if not self.contain(op, span):
            return None
        # A later key begins behind the value of an earlier one.
        keys = self.written[op].keys
        before = [name for name, key in keys.items() if key.span.start <= span.start]
        return max(before, key=lambda name: keys[name].span.start, default=None)


def op_class(body: MappingNode) -> type[Op] | None:
    """The class of a layer's op, if its name is known or must mean a known one."""
    word = op_word(body)
    node = body.entries[word] if word else None
    written = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(written, str):
        return None
    if written in ops():
        return ops()[written]
    from archc.language.mistakes.op_words import meant  # few specs need it, for the time of start-up

    return ops().get(meant(written) or "")


def op_word(body: MappingNode) -> str | None:
    """The key under which the layer's op is written: `op`, or another framework's word for it."""
    if "op" in body.entries:
        return "op"
    from archc.language.mistakes.op_words import word_for_op  # as above

    return word_for_op(body)
