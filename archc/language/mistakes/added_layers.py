"""A layer to add after another one, in the place of a field that asks for it, such as `activation: relu`."""

from __future__ import annotations

from itertools import count, dropwhile, islice

from archc.language.document import Document
from archc.language.fields import Added
from archc.language.mistakes.edits import added_after
from archc.language.mistakes.vocabulary import certain
from archc.language.mistakes.wiring import Wiring
from archc.language.reader import MappingNode, ScalarNode
from archc.ops import ops

_LONGEST = 64


def added(document: Document, wiring: Wiring, layer: str, op: str, body: str) -> Added:
    """A layer on a line of its own after another one; no edits if anything else names that one."""
    layers = document.node("layers")
    assert isinstance(layers, MappingNode)
    taken, stem = layers.entries.keys() | document.spec.input.keys(), f"{layer}_{op}"
    name = stem if stem not in taken else next(n for i in count(2) if (n := f"{stem}_{i}") not in taken)
    is_certain = len(name) <= _LONGEST and layer not in wiring.named and not wiring.by_position
    edits = added_after(layers, layer, f"{name}: {body}") if is_certain else ()
    outputs = ["`outputs`"] if layer in (document.spec.outputs or ()) else []
    readers = (*wiring.readers.get(layer, ()), *outputs)
    return Added(name, edits, readers, None if readers else _following(layers, layer, op))


def _following(layers: MappingNode, layer: str, op: str) -> str | None:
    """The layer that reads another one as the next, if it has the op."""
    (name, body) = next(islice(dropwhile(lambda entry: entry[0] != layer, layers.entries.items()), 1, 2), (None, None))
    word = body.entries.get("op") if isinstance(body, MappingNode) and "from" not in body.entries else None
    is_same = isinstance(word, ScalarNode) and certain(str(word.value), ops()) == op
    return name if is_same else None
