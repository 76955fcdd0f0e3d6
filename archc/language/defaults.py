"""The section `defaults:`: the fields of each op that its layers inherit, and the findings on them.

A mistake here is reported here, once. `misread` are the required fields that no layer of an op may be said to lack,
because a mistake in the defaults may have given them. `foreign` are the fields that the op does not have: a layer's own
may be meant to override them. `written` are all fields as they are written.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from pydantic import ValidationError

from archc.diagnostics.finding import Edit, Finding, report
from archc.language.fields import Place, field_names
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, plain
from archc.language.recipe_words import OF_SECTIONS
from archc.language.spec import Document, Spec
from archc.language.translation import Translation, translate, without_repeats
from archc.language.unknown_fields import renaming
from archc.language.validation import explain
from archc.language.vocabulary import certain, did_you_mean, folded, nearest, synonyms
from archc.ops import ops
from archc.ops.op import Op
from archc.source import Span

_SECTION = "defaults"
_LONGEST_SHOWN = 64


@dataclass
class Defaults:
    """The fields that layers of each op inherit, without those that its op does not have."""

    of: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])
    findings: list[Finding] = field(default_factory=list[Finding])
    misread: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    foreign: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    written: dict[str, MappingNode] = field(default_factory=dict[str, MappingNode])

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


def read_defaults(document: Document) -> Defaults:
    """The defaults of a document."""
    found = Defaults()
    section = document.node(_SECTION) or _misspelt_section(document, found)
    if isinstance(section, MappingNode):
        for name, body in section.entries.items():
            _read(name, body, section, found, document.node("layers"))
    elif section is not None:
        _misread(found, ops())
    found.findings = _merged(found.findings)
    return found


def _merged(findings: list[Finding]) -> list[Finding]:
    """The findings, each once where an anchor repeats the fields of one op under another one."""
    first = {(f.span, f.code, f.help): f for f in reversed(findings)}
    return [f for f in findings if first[f.span, f.code, f.help] is f]


def _misspelt_section(document: Document, found: Defaults) -> YamlNode | None:
    """The section under another name, which is reported already, if it must mean the defaults."""
    sections = field_names(Spec)
    for word, node in document.root.entries.items():
        if word not in sections and certain(word, sections) == _SECTION:
            return node
        if word not in sections and nearest(word, sections) == _SECTION:
            _misread(found, ops())
    return None


def _read(written: str, body: YamlNode, section: MappingNode, found: Defaults, layers: YamlNode | None) -> None:
    """Read the defaults of one op. As in a layer, the fields under a word that must mean an op are checked too."""
    op = written if written in ops() else meant(written)
    key = section.keys[written].span
    renamed = renaming(written, key, ops(), section.entries) if op != written else ()
    if op is None and (owners := _owners(written)):
        # Before the ops are known from the layers, the op that is named is the first that has the field.
        found.findings.append(_flat(written, body, key, owners))
        _misread(found, owners)
        return
    if op and isinstance(body, SequenceNode):
        from archc.language.listed_fields import joined  # few specs need it, for the time of start-up

        body = joined(written, section, None, f"{_SECTION}.{written}", found.findings)
    if op is None or not isinstance(body, MappingNode):
        if op != written:
            found.findings.append(unknown_op(written, key, renamed))
        else:
            message = f"the defaults of `{op}` must be a mapping of its fields"
            found.findings.append(report(body.span, "ARC104", message))
        guess = op or nearest(written, ops())
        _misread(found, [guess] if guess else [])
        return
    if op != written and (other := another_op(written, op, body)):
        found.findings.append(lacking_op(written, key, other))
        _misread(found, [op])
        return
    found.written[op] = body
    translated = translate(written, Place(body, ops()[op], op, others=partial(_layers_of, op, layers)))
    found.foreign[op] = body.entries.keys() - set(field_names(ops()[op]))
    if op != written:
        found.findings.append(unknown_op(written, key, renamed, translated, f"{op}: {{%s}}"))
    if op != written and op in section.entries:
        # Fields under another name are not mixed with those under the right one.
        _misread(found, [op])
        found.findings += translated.findings
        return
    nodes = {name: node for name, node in translated.nodes.items() if name != "op"}
    found.of[op], found.written[op] = MappingNode(nodes, translated.keys, body.span), body
    found.findings += without_repeats(translated.findings, _faults(op, found.of[op]), translated)


def _layers_of(op: str, layers: YamlNode | None) -> list[tuple[str, MappingNode]]:
    """The layers of an op, also where its name is written in another way."""
    bodies = layers.entries if isinstance(layers, MappingNode) else dict[str, YamlNode]()
    found = [(name, body) for name, body in bodies.items() if isinstance(body, MappingNode)]
    return [(name, body) for name, body in found if op_class(body) is ops()[op]]


def _owners(word: str) -> dict[str, str]:
    """The ops that have a field of this name, each with its own name for it; none for a word that must be an op."""
    found = {op: certain(word, field_names(model)) for op, model in ops().items()}
    return {op: own for op, own in found.items() if own and own != "op"}


def _flat(written: str, body: YamlNode, key: Span, owners: dict[str, str]) -> Finding:
    """The finding for a field that is written as an op."""
    op, own = next(iter(owners.items()))
    text = body.span.source.text[body.span.start : body.span.end]
    value = text if len(text) <= _LONGEST_SHOWN and "\n" not in text else "…"
    help = f"nest it under an op: `{op}: {{{own}: {value}}}`"
    return report(key, "ARC102", f"unknown op `{written[:64]}`: `{own}` is a field", help=help)


def _misread(found: Defaults, names: Collection[str]) -> None:
    """Note that a mistake may have given any field of these ops."""
    for name in names:
        found.misread[name] = set(field_names(ops()[name]))


def _faults(op: str, defaults: MappingNode) -> list[Finding]:
    """What no layer of the op could take, used or not. A missing field is fine: a layer may give it."""
    data = {name: plain(value) for name, value in defaults.entries.items()}
    try:
        ops()[op].model_validate({"op": op, **data})
    except ValidationError as error:
        return explain(error, ops()[op], defaults.entries, defaults.keys, defaults.span, op, partial=True)
    return []


def op_class(body: MappingNode) -> type[Op] | None:
    """The class of a layer's op, if its name is known or must mean a known one."""
    word = op_word(body)
    node = body.entries[word] if word else None
    written = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(written, str):
        return None
    return ops().get(written) or ops().get(meant(written) or "")


def reads_before(body: MappingNode, op: type[Op]) -> bool:
    """Whether the layer before is read too, by the name that the op is written with."""
    node = body.entries[op_word(body) or "op"]
    written = node.value if isinstance(node, ScalarNode) else None
    return isinstance(written, str) and folded(written) in map(folded, op.reads_before)


def op_word(body: MappingNode) -> str | None:
    """The key under which the layer's op is written: `op`, or another framework's word for it."""
    if "op" in body.entries:
        return "op"
    words = {folded(key): key for key in body.entries if synonyms(key, ["op"])}
    # Where several are written, as Caffe's `type` beside `operation`, the first of these names the op.
    return next((words[word] for word in map(folded, OF_SECTIONS["op"]) if word in words), None)


def meant(word: str) -> str | None:
    """The op that an unknown op must mean; none for one that is installed and cannot be used."""
    return None if ops().failure(word) else certain(word, ops())


def another_op(written: str, op: str, body: MappingNode) -> str | None:
    """The field that makes a layer another op than its word means, such as `operation: PROD`; None if it is that op."""
    excluded = next((each for name, each in ops()[op].excluded.items() if folded(name) == folded(written)), None)
    if excluded is None:
        return None
    # Caffe writes the fields of a layer in a mapping of their own.
    inner = [node.entries for node in body.entries.values() if isinstance(node, MappingNode)]
    return excluded({field: plain(node) for nodes in (body.entries, *inner) for field, node in nodes.items()})


def lacking_op(written: str, at: Span, other: str) -> Finding:
    """The finding for a word whose field makes it an op that archc does not have."""
    help = f"archc has no `{written[:64]}` with `{other[:64]}` yet"
    return report(at, "ARC102", f"unknown op `{written[:64]}`", help=help)


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
            text = f"`{form % ', '.join(translated.op_words)}`"
            help = f"did you mean {text}?" if translated.op_fix is None else f"write {text}"
        fix = (*fix, *translated.op_fix) if fix and translated.op_fix is not None else ()
    return report(span, "ARC102", f"unknown op `{name[:64]}`", notes=notes, help=help, fix=fix)
