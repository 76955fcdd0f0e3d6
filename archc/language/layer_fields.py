"""The fields of a layer, with those that it inherits, and the op that they are. One without a mistake is read here."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import ValidationError

from archc.diagnostics.finding import Finding
from archc.language.defaults import Defaults
from archc.language.fields import field_names
from archc.language.reader import MappingNode, ScalarNode, YamlNode, plain
from archc.ops import ops
from archc.ops.op import Op

WIRING = ("from", "expect")
"""The fields of every layer besides `op` and the op's own."""


@dataclass
class LayerFields:
    """The fields of a layer, those from `defaults` included, and where each is written.

    `op` is None if they are no layer; `findings` are the mistakes in them.
    """

    op: Op | None = None
    nodes: dict[str, YamlNode] = field(default_factory=dict[str, YamlNode])
    keys: dict[str, ScalarNode] = field(default_factory=dict[str, ScalarNode])
    findings: list[Finding] = field(default_factory=list[Finding])

    def take(self, nodes: dict[str, YamlNode], keys: dict[str, ScalarNode]) -> None:
        self.nodes |= {k: v for k, v in nodes.items() if k not in WIRING}
        self.keys |= {k: v for k, v in keys.items() if k not in WIRING}


def plain_layer(body: MappingNode, defaults: Defaults) -> LayerFields | None:
    """A layer in archc's own words without a mistake; None for any other layer."""
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


def has_derived(body: MappingNode, op: type[Op]) -> bool:
    """Whether a field of a layer follows from the channels that the layer reads."""
    return bool(derived_fields(body, op))


def derived_fields(body: MappingNode, op: type[Op]) -> list[str]:
    """The fields of a layer that follow from the channels that it reads."""
    groups = body.entries.get("groups")
    is_each = isinstance(groups, ScalarNode) and groups.value == "each" and op.has_groups()
    found = ["groups"] if is_each else []
    if op.channels_field is not None and isinstance(body.entries.get(op.channels_field), MappingNode):
        found.append(op.channels_field)
    return found
