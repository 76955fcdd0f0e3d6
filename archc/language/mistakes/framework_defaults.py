"""What a layer in the words of another framework leaves to its defaults: written out, so that no fix loses it.

The name of the op tells the framework. A fix that changes the name therefore writes what the name stood for, and is not
made where that is not certain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from archc.diagnostics.finding import Edit
from archc.language.mistakes.edits import added_fields
from archc.language.mistakes.translation import Translation, as_node
from archc.language.mistakes.usual import usual, usual_values, value_of
from archc.language.reader import MappingNode, ScalarNode, plain
from archc.ops.foreign import spelled
from archc.ops.op import Op


def add_usual(written: str, op: type[Op], body: MappingNode, done: Translation, given: Collection[str]) -> set[str]:
    """Add the framework's defaults to a translated layer, and return the fields that the op's finding asks for.

    `given` are the fields that the layer has from elsewhere.
    """
    data = {field: plain(node) for fields in (body.entries, done.nodes) for field, node in fields.items()}
    missing = {
        field: value
        for field, value in usual(op, written).items()
        if field not in done.nodes and field not in given and not (callable(value) and value_of(value, data) is None)
    }
    if not missing:
        return set()
    values = usual_values(op, written, data) if done.is_certain else {}
    unsettled = [field for field in missing if field not in values]
    shown = {field: value for field, value in values.items() if field in missing}
    texts = [f"{field}: {spelled(value)}" for field, value in shown.items()]
    if done.is_certain:
        done.op_words += [*texts, *(f"{field}: …" for field in unsettled)]
        done.op_notes += [_by_framework(field, missing[field]) for field in unsettled]
    if texts:
        done.op_notes.append(f"`{written[:64]}` has `{', '.join(texts)}` by default")
    edits = added_fields(body, texts) if texts else ()
    done.op_fix = _together(done.op_fix, edits, is_exact=not unsettled and bool(edits))
    for field, value in shown.items():
        at = body.entries[next(iter(body.entries))].span
        done.nodes[field], done.keys[field] = as_node(value, at), ScalarNode(field, at)
    return set(unsettled) if done.is_certain else set()


def _together(fix: list[Edit] | None, edits: tuple[Edit, ...], *, is_exact: bool) -> list[Edit] | None:
    return [*fix, *edits] if fix is not None and is_exact else None


def _by_framework(field: str, value: object) -> str:
    """Why a default is not certain."""
    if isinstance(value, Mapping):
        of = [f"{spelled(each)} in {name}" for name, each in cast(Mapping[str, object], value).items()]
        return f"`{field}` is by default {', '.join(of)}"
    return f"`{field}` is by default that of `{value}`" if isinstance(value, str) else ""
