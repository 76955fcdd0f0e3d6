"""The layers that inherit a field of `defaults:`, for the findings on it, however op and field are written in them."""

from __future__ import annotations

from collections import Counter

from archc.diagnostics.finding import Finding
from archc.language.defaults import Defaults, op_class
from archc.language.fields import field_names
from archc.language.mistakes.vocabulary import folded, nearest
from archc.language.reader import MappingNode
from archc.ops import ops
from archc.ops.op import Op
from archc.wording import counted, listed


def with_heirs(findings: list[Finding], defaults: Defaults, layers: MappingNode) -> list[Finding]:
    """The findings, with the layers that inherit the field for those on a field of the defaults."""
    at = Counter(finding.span for finding in findings)
    return [_with_heirs(f, defaults, layers) if at[f.span] == 1 else f for f in findings]


def _with_heirs(finding: Finding, defaults: Defaults, layers: MappingNode) -> Finding:
    # An anchor can repeat the fields of one op under another one.
    found = [(ops()[op], name) for op in defaults.of if (name := defaults.field_at(op, finding.span))]
    heirs = [
        layer
        for layer, body in layers.entries.items()
        if isinstance(body, MappingNode) and any(_inherits(body, op, name) for op, name in found)
    ]
    note = f"{counted(len(heirs), 'layer')} inherit{'s' if len(heirs) == 1 else ''} it: {listed(heirs)}"
    return finding._replace(notes=(*finding.notes, note)) if heirs else finding


def _inherits(body: MappingNode, op: type[Op], name: str) -> bool:
    fields = field_names(op)
    return op_class(body) is op and _meaning(name, fields) not in {_meaning(word, fields) for word in body.entries}


def _meaning(word: str, fields: list[str]) -> str:
    """The field that a word means, or the word itself, without what may differ in how it is written."""
    return word if word in fields else nearest(word, fields) or folded(word)
