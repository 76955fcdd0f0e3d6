"""The section `defaults:`: the fields of each op that its layers inherit, and the findings on them.

A mistake here is reported here, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from archc.diagnostics.finding import Edit, Finding, report
from archc.language.reader import MappingNode, YamlNode, plain
from archc.language.spec import Document
from archc.language.translation import Translation, translate
from archc.language.unknown_fields import Place, renaming
from archc.language.validation import explain
from archc.language.vocabulary import certain, did_you_mean
from archc.ops import ops
from archc.source import Span


@dataclass
class Defaults:
    """The fields that layers of each op inherit, without those that its op does not have."""

    of: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])
    findings: list[Finding] = field(default_factory=list[Finding])

    def contain(self, op: str, span: Span) -> bool:
        """Whether a span lies in the op's defaults, whose mistakes are reported there and not at each layer."""
        defaults = self.of.get(op)
        return defaults is not None and defaults.span.start <= span.start < defaults.span.end


def read_defaults(document: Document) -> Defaults:
    """The defaults of a document."""
    found = Defaults()
    section = document.node("defaults")
    if isinstance(section, MappingNode):
        for name, body in section.entries.items():
            _read(name, body, section, found)
    return found


def _read(written: str, body: YamlNode, section: MappingNode, found: Defaults) -> None:
    """Read the defaults of one op. As in a layer, the fields under a word that must mean an op are checked too."""
    op = written if written in ops() else meant(written)
    key = section.keys[written].span
    renamed = renaming(written, key, ops(), section.entries) if op != written else ()
    if op is None or not isinstance(body, MappingNode):
        if op != written:
            found.findings.append(unknown_op(written, key, renamed))
        else:
            message = f"the defaults of `{op}` must be a mapping of its fields"
            found.findings.append(report(body.span, "ARC104", message))
        return
    translated = translate(written, Place(body, ops()[op], op))
    if op != written:
        found.findings.append(unknown_op(written, key, renamed, translated, f"{op}: {{%s}}"))
    found.findings += translated.findings
    # Fields under another name are not mixed with those under the right one.
    if op == written or op not in section.entries:
        nodes = {name: node for name, node in translated.nodes.items() if name != "op"}
        found.of[op] = MappingNode(nodes, translated.keys, body.span)
        found.findings += _faults(op, found.of[op])


def _faults(op: str, defaults: MappingNode) -> list[Finding]:
    """What no layer of the op could take, used or not. A missing field is fine: a layer may give it."""
    data = {name: plain(value) for name, value in defaults.entries.items()}
    try:
        ops()[op].model_validate({"op": op, **data})
    except ValidationError as error:
        return explain(error, ops()[op], defaults.entries, defaults.keys, defaults.span, op, partial=True)
    return []


def meant(word: str) -> str | None:
    """The op that an unknown op must mean; none for one that is installed and cannot be used."""
    return None if ops().failure(word) else certain(word, ops())


def unknown_op(
    name: str, span: Span, fix: tuple[Edit, ...], translated: Translation | None = None, form: str = ""
) -> Finding:
    """The finding for a word that is not an op, or is one that is installed and cannot be used.

    Where values change with the name, `form` is the text to write, with a place for the fields.
    """
    if failure := ops().failure(name):
        return report(span, "ARC102", failure.message, help=failure.help)
    notes = [failure.message for failure in ops().unreadable]
    help = did_you_mean(name, ops(), what="ops")
    if translated is not None:
        notes += translated.op_notes
        if translated.op_words:
            help = f"write `{form % ', '.join(translated.op_words)}`"
        fix = (*fix, *translated.op_fix) if fix and translated.op_fix is not None else ()
    return report(span, "ARC102", f"unknown op `{name[:64]}`", notes=notes, help=help, fix=fix)
