"""A document: a spec with the nodes that it was read from, and where its parts are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archc.language.reader import MappingNode, YamlNode
from archc.language.spec import Spec
from archc.source import Span

if TYPE_CHECKING:
    from archc.language.blocks.expanded import Expansion
    from archc.language.variants.derivation import Derivation


Root = MappingNode
"""The nodes of a whole spec."""


class Spans(NamedTuple):
    """Where the parts of a spec are written, by their path of keys: the only thing of the text that passes need."""

    root: MappingNode

    def value(self, *path: str) -> Span:
        """The span of the value at a path, or of the nearest mapping around it."""
        node = _at(self.root, path)
        return node.span if node else self.value(*path[:-1])

    def key(self, *path: str) -> Span:
        """The span of the last key of a path, or of the nearest mapping around it."""
        parent = _at(self.root, path[:-1])
        if isinstance(parent, MappingNode) and path[-1] in parent.keys:
            return parent.keys[path[-1]].span
        return self.value(*path[:-1])


class Document(NamedTuple):
    """A spec with the nodes that it was read from. `input_known` is False if the input could not be read.

    The layers in `root` are flat; `expansion` is how they follow from the blocks of a spec that has some. `derivation`
    is how the spec follows from others, if it extends one or has variants.
    """

    spec: Spec
    root: MappingNode
    input_known: bool
    expansion: Expansion | None = None
    derivation: Derivation | None = None

    @property
    def written(self) -> MappingNode:
        """The root of the spec as it is written."""
        return self.expansion.written if self.expansion else self.root

    @property
    def texts(self) -> tuple[MappingNode, ...]:
        """The roots of all files that it follows from, the own first, as they are written."""
        return self.derivation.texts if self.derivation else (self.written,)

    @property
    def spans(self) -> Spans:
        """Where the parts of the spec are written."""
        return Spans(self.root)

    def node(self, *path: str) -> YamlNode | None:
        """The node at a path of keys."""
        return _at(self.root, path)


def _at(root: YamlNode, path: tuple[str, ...]) -> YamlNode | None:
    node: YamlNode | None = root
    for step in path:
        node = node.entries.get(step) if isinstance(node, MappingNode) else None
    return node
