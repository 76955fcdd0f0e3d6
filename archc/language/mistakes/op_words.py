"""The word for the op of a layer, where it is not the op's own name: the op that it means, and the findings on it."""

from __future__ import annotations

from typing import Any

from archc.diagnostics.finding import Edit, Finding, report
from archc.language.mistakes.translation import Translation
from archc.language.mistakes.vocabulary import certain, did_you_mean, folded, synonyms
from archc.language.reader import MappingNode, ScalarNode, plain
from archc.language.recipe_words import OF_SECTIONS
from archc.ops import ops
from archc.ops.op import Op
from archc.source import Span
from archc.tensor import Tensor


def word_for_op(body: MappingNode) -> str | None:
    """The key under which a layer without `op` has its op: another framework's word for it."""
    words = {folded(key): key for key in body.entries if synonyms(key, ["op"])}
    # Where several are written, as Caffe's `type` beside `operation`, the first of these names the op.
    return next((words[word] for word in map(folded, ("op", *OF_SECTIONS["op"])) if word in words), None)


def meant(word: str) -> str | None:
    """The op that an unknown op must mean; none for one that is installed and cannot be used."""
    return None if ops().failure(word) else certain(word, ops())


def reads_before(body: MappingNode, op: type[Op]) -> bool:
    """Whether the layer before is read too, by the name that the op is written with."""
    node = body.entries["op" if "op" in body.entries else word_for_op(body) or "op"]
    written = node.value if isinstance(node, ScalarNode) else None
    return isinstance(written, str) and folded(written) in map(folded, op.reads_before)


def another_op(written: str, op: str, body: MappingNode) -> str | None:
    """The field that makes a layer another op than its word means, such as `operation: PROD`; None if it is that op."""
    excluded = next((each for name, each in ops()[op].excluded.items() if folded(name) == folded(written)), None)
    if excluded is None:
        return None
    return excluded(_fields(body))


def chosen_op(written: str, body: MappingNode) -> str | None:
    """The op that a layer's fields choose of those that another framework has one word for."""
    fields = _fields(body)
    for name, op in ops().items():
        chosen = next((each for word, each in op.chosen.items() if folded(word) == folded(written)), None)
        if chosen is not None and chosen(fields):
            return name
    return None


def _fields(body: MappingNode) -> dict[str, Any]:
    """The fields of a layer, of which Caffe writes some in a mapping of their own."""
    inner = [node.entries for node in body.entries.values() if isinstance(node, MappingNode)]
    return {field: plain(node) for nodes in (body.entries, *inner) for field, node in nodes.items()}


def other_op(
    written: str, at: Span, other: str, op: type[Op], body: MappingNode, read: Tensor | None = None
) -> Finding:
    """The finding for a word whose field makes it another op than `op`, for which it usually stands."""
    help = op.instead(_fields(body), read) or f"archc has no `{written[:64]}` with `{other[:64]}` yet"
    return report(at, "ARC102", f"unknown op `{written[:64]}`", help=help)


def unknown_op(
    name: str,
    span: Span,
    fix: tuple[Edit, ...],
    translated: Translation | None = None,
    form: str = "",
    chosen: str | None = None,
) -> Finding:
    """The finding for a word that is not an op, or is one that is installed and cannot be used.

    Where values change with the name, `form` is the text to write, with a place for the fields. `chosen` is the op that
    the layer's fields choose of those that the word can mean.
    """
    if failure := ops().failure(name):
        return report(span, "ARC102", failure.message, help=failure.help)
    notes = [failure.message for failure in ops().unreadable]
    help = f"did you mean `{chosen}`?" if chosen else did_you_mean(name, ops(), what="ops")
    if translated is not None:
        notes += translated.op_notes
        if translated.op_words:
            text = f"`{form % ', '.join(translated.op_words)}`"
            help = f"did you mean {text}?" if translated.op_fix is None else f"write {text}"
        fix = (*fix, *translated.op_fix) if fix and translated.op_fix is not None else ()
    return report(span, "ARC102", f"unknown op `{name[:64]}`", notes=notes, help=help, fix=fix)
