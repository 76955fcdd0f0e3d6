"""A flat spec, and where its layers come from: what an expansion leaves for everything after it."""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Scope
from archc.language.reader import MappingNode, YamlNode
from archc.source import Span

Site = tuple[str, str]
"""A layer where it is written: the name of its block, or "" in the network, and its place there.

The place is its path, but a repeated item of a stage has a single number.
"""


class Expansion(NamedTuple):
    """The spec as it is `written`, and its `root` with flat layers.

    By path, `bodies` are the layers as they are written in their blocks, and `sites` where that is; `calls` are the
    keys of blocks and stages. `failed` are the layers that cannot be understood; `expected` are the shapes that calls
    expect, by the layer that gives their value.
    """

    written: MappingNode
    root: MappingNode
    scopes: dict[str, Scope]
    bodies: dict[str, YamlNode]
    sites: dict[str, Site]
    calls: dict[str, Span]
    failed: frozenset[str]
    expected: dict[str, list[YamlNode]]

    @property
    def is_flat(self) -> bool:
        """Whether the spec has no blocks or stages, but only text that a reference could be."""
        entries = self.written.entries
        return not self.scopes and "blocks" not in entries and isinstance(entries.get("layers"), MappingNode)
