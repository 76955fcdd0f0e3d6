"""Reads a layer: its op from its fields and those of `defaults:`. A layer without a mistake is read here."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from archc.language.defaults import Defaults
from archc.language.fields import Insert, field_names
from archc.language.layer_fields import LayerFields
from archc.language.reader import MappingNode, ScalarNode, plain
from archc.ops import ops
from archc.source import Span
from archc.tensor import Tensor


def read_layer(
    name: str,
    body: MappingNode,
    key: Span,
    defaults: Defaults,
    read: Tensor | None,
    insert: Insert,
    doubts: Mapping[str, str],
) -> LayerFields:
    """The op of a layer that reads a tensor, if its shape is known. `doubts` are those of its `Place`."""
    if (fields := _plain(body, defaults)) is not None:
        return fields
    from archc.language.mistakes.layers import read_mistaken  # few specs need it, for the time of start-up

    return read_mistaken(name, body, key, defaults, read, insert, doubts)


def _plain(body: MappingNode, defaults: Defaults) -> LayerFields | None:
    """The op of a layer in archc's own words without a mistake; None for any other layer."""
    node = body.entries.get("op")
    kind = node.value if isinstance(node, ScalarNode) else None
    if not isinstance(kind, str) or kind not in ops():
        return None
    fields = LayerFields()
    if kind in defaults.of:
        fields.take(defaults.of[kind].entries, defaults.of[kind].keys)
    fields.take(body.entries, body.keys)
    if not fields.nodes.keys() <= set(field_names(ops()[kind])):
        return None
    try:
        fields.op = ops()[kind].model_validate({field: plain(value) for field, value in fields.nodes.items()})
    except ValidationError:
        return None
    return fields
