"""The fields of a layer, with those that it inherits, and the op that they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from archc.diagnostics.finding import Finding
from archc.language.reader import ScalarNode, YamlNode
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
