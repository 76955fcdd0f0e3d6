"""A layer with a mistake, or in the words of another framework: its op, if it can mean only one, and the findings.

A layer that can mean only one op with certain fields is validated as that op, so that one run reports all mistakes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from pydantic import ValidationError

from archc.diagnostics.finding import Finding, report, respelling
from archc.language.defaults import Defaults, op_word
from archc.language.fields import Added, Insert, Place
from archc.language.layer_fields import WIRING, LayerFields
from archc.language.mistakes.edits import entry
from archc.language.mistakes.framework_defaults import add_usual
from archc.language.mistakes.op_words import another_op, chosen_op, meant, other_op, unknown_op
from archc.language.mistakes.translation import Translation, translate, without_repeats
from archc.language.mistakes.unknown_fields import renaming
from archc.language.mistakes.usual import usual_values
from archc.language.mistakes.validation import explain
from archc.language.mistakes.vocabulary import LIST_OPS, nearest
from archc.language.reader import MappingNode, ScalarNode, plain
from archc.ops import ops
from archc.ops.op import Op
from archc.source import Span
from archc.tensor import Tensor


def read_mistaken(
    name: str,
    body: MappingNode,
    key: Span,
    defaults: Defaults,
    read: Tensor | None,
    insert: Insert,
    doubts: Mapping[str, str],
) -> LayerFields:
    """The op of a layer that reads a tensor, if its shape is known. `doubts` are those of its `Place`."""
    fields = LayerFields()
    word = op_word(body)
    if word is None:
        help = f"add `op:` with the name of an op; {LIST_OPS}"
        fields.findings.append(report(key, "ARC103", f"{name} needs `op`", help=help))
        return fields
    node = body.entries[word]
    if not isinstance(node, ScalarNode) or node.value is None:
        fields.findings.append(report(node.span, "ARC104", "`op` must be the name of an op"))
        return fields
    if word != "op":
        fields.findings.append(_misnamed_op(name, body, word, key))
        body = _with_op(body, word)
    written = str(node.value)
    # An op whose name is certainly a misspelling has its fields checked too, so that one run reports all mistakes.
    kind = written if written in ops() else meant(written)
    if kind is None:
        fields.findings.append(unknown_op(written, node.span, ()))
        return fields
    other = another_op(written, kind, body) if kind != written else None
    if other:
        owner, kind = ops()[kind], chosen_op(written, body)
        if kind is None:
            fields.findings.append(other_op(written, node.span, other, owner, body, read))
            return fields
    if not defaults.foreign.get(kind, set()).isdisjoint(body.entries):
        insert = partial(_nowhere, insert)
    translated = translate(
        written, Place(body, ops()[kind], name, WIRING, read, insert, doubts, partial(defaults.others, kind))
    )
    told: Collection[str] = defaults.misread.get(kind, ())
    if kind != written:
        inherited = defaults.of[kind].entries if kind in defaults.of else ()
        told = {*told, *add_usual(written, ops()[kind], body, translated, (*inherited, *told))}
        form = f"op: {kind}, %s"
        meant_op = kind if other else None
        fields.findings.append(unknown_op(written, node.span, respelling(node.span, kind), translated, form, meant_op))
    if kind in defaults.of:
        fields.take(defaults.of[kind].entries, defaults.of[kind].keys)
    fields.take(translated.nodes, translated.keys)
    _validate(written, kind, name, fields, translated, node.span, defaults, told)
    return fields


def _validate(
    written: str,
    kind: str,
    name: str,
    fields: LayerFields,
    translated: Translation,
    at: Span,
    defaults: Defaults,
    told: Collection[str],
) -> None:
    wrong: list[Finding] = []
    data = {field: plain(value) for field, value in fields.nodes.items()} | {"op": kind}
    try:
        op = ops()[kind].model_validate(data)
    except ValidationError as error:
        usual = usual_values(ops()[kind], written, data)
        found = explain(error, ops()[kind], fields.nodes, fields.keys, at, name, elsewhere=told, usual=usual)
        # A field whose meaning is not certain may be the one that is missing.
        found = [f for f in found if translated.is_certain or (f.code, f.span) != ("ARC103", at)]
        wrong = [finding for finding in found if not defaults.contain(kind, finding.span)]
    else:
        fields.op = op if translated.is_certain or _keeps_shape(op, translated.findings) else None
    fields.findings += without_repeats(translated.findings, wrong, translated) if translated.findings else wrong


def _keeps_shape(op: Op, findings: list[Finding]) -> bool:
    """Whether unknown fields leave a layer's shape certain: its op keeps any shape, and no op has such fields."""
    words = [f.span.source.text[f.span.start : f.span.end].strip("'\"") for f in findings]
    known = {field for each in ops().values() for field in each.model_fields}
    return op.keeps_shape and not any(nearest(word, known) for word in words)


def _nowhere(insert: Insert, op: str, body: str) -> Added:
    """No layer is added where one field overrides another, which must be resolved first."""
    return insert(op, body)._replace(edits=())


def _with_op(body: MappingNode, word: str) -> MappingNode:
    """The layer with its op under the right word."""
    entries = {"op" if key == word else key: node for key, node in body.entries.items()}
    keys = {"op" if key == word else key: node for key, node in body.keys.items()}
    return MappingNode(entries, keys, body.span)


def _misnamed_op(name: str, body: MappingNode, word: str, key: Span) -> Finding:
    fix = renaming(word, body.keys[word].span, ["op"], [word]) if entry(body, word) else ()
    help = f"write `op:` instead of `{word[:64]}:`"
    return report(key, "ARC103", f"{name} needs `op`", help=help, fix=fix)
