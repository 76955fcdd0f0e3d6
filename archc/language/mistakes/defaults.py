"""Defaults with a mistake, or in the words of another framework: as fields of archc's ops, and the findings on them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from pydantic import ValidationError

from archc.diagnostics.finding import Finding, report
from archc.language.defaults import Defaults, op_class
from archc.language.derived import without_derived
from archc.language.document import Document
from archc.language.fields import Place, field_names
from archc.language.mistakes.listed_fields import joined
from archc.language.mistakes.op_words import another_op, meant, other_op, unknown_op
from archc.language.mistakes.translation import translate, without_repeats
from archc.language.mistakes.unknown_fields import renaming
from archc.language.mistakes.validation import explain
from archc.language.mistakes.vocabulary import certain, nearest
from archc.language.reader import MappingNode, SequenceNode, YamlNode, plain
from archc.language.spec import Spec
from archc.ops import ops
from archc.ops.weighted import Weighted
from archc.source import Span

_SECTION = "defaults"
_LONGEST_SHOWN = 64


def read_mistaken(section: YamlNode, names: Collection[str], found: Defaults, layers: YamlNode | None) -> None:
    """Read the defaults of the ops of these names; of all ops, if the section is not a mapping."""
    if not isinstance(section, MappingNode):
        _misread(found, ops())
        return
    for name in names:
        _read(name, section.entries[name], section, found, layers)
    found.findings = _merged(found.findings)


def misspelt_section(document: Document, found: Defaults) -> YamlNode | None:
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
    if op is None and (owners := _owners(written, layers)):
        found.findings.append(_flat(written, body, key, owners))
        _misread(found, owners)
        return
    if op and isinstance(body, SequenceNode):
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
        found.findings.append(other_op(written, key, other, ops()[op], body))
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
    plain_fields = MappingNode(nodes, translated.keys, body.span)
    found.of[op], found.written[op] = without_derived(op, plain_fields, found), body
    found.findings += without_repeats(translated.findings, _faults(op, found.of[op]), translated)


def _layers_of(op: str, layers: YamlNode | None) -> list[tuple[str, MappingNode]]:
    """The layers of an op, also where its name is written in another way."""
    bodies = layers.entries if isinstance(layers, MappingNode) else dict[str, YamlNode]()
    found = [(name, body) for name, body in bodies.items() if isinstance(body, MappingNode)]
    return [(name, body) for name, body in found if op_class(body) is ops()[op]]


def _owners(word: str, layers: YamlNode | None) -> dict[str, str]:
    """The ops that have a field of this name, each with its own name for it; none for a word that must be an op.

    Those of the spec's layers come first, and then those that learn weights.
    """
    found = {op: certain(word, field_names(model)) for op, model in ops().items()}
    owners = [op for op, own in found.items() if own and own != "op"]

    def rank(op: str) -> tuple[bool, bool]:
        return not _layers_of(op, layers), not issubclass(ops()[op], Weighted)

    return {op: str(found[op]) for op in sorted(owners, key=rank)}


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


def _merged(findings: list[Finding]) -> list[Finding]:
    """The findings, each once where an anchor repeats the fields of one op under another one."""
    first = {(f.span, f.code, f.help): f for f in reversed(findings)}
    return [f for f in findings if first[f.span, f.code, f.help] is f]


def _faults(op: str, defaults: MappingNode) -> list[Finding]:
    """What no layer of the op could take, used or not. A missing field is fine: a layer may give it."""
    data = {name: plain(value) for name, value in defaults.entries.items()}
    try:
        ops()[op].model_validate({"op": op, **data})
    except ValidationError as error:
        return explain(error, ops()[op], defaults.entries, defaults.keys, defaults.span, op, partial=True)
    return []
