"""Layers in place, as Caffe writes them: `relu1: {bottom: conv1, top: conv1}` changes what later layers call conv1.

In archc, conv1 stays what it is, and later layers read relu1. So a `bottom` behind such a layer is not certain to be
another word for `from`.
"""

from __future__ import annotations

from archc.language.reader import MappingNode, SequenceNode, YamlNode, plain
from archc.ops.op import Op

_BOTTOMS = ("bottom", "bottoms")


class InPlace:
    """The layers so far that look as if they change another one in place, by that one's name."""

    def __init__(self) -> None:
        self._after: dict[str, str] = {}

    def doubts(self, body: MappingNode, name: str) -> dict[str, str]:
        """The help for the fields of the layer `name` that can mean something else in Caffe."""
        found: dict[str, str] = {}
        for word in _BOTTOMS:
            names = _names(body.entries.get(word))
            last = [self._last(each) for each in names]
            if last != names:
                changes = " and ".join(
                    f"{new} changes {old}" for new, old in zip(last, names, strict=True) if new != old
                )
                right, other = _written(last), _written(names)
                found[word] = f"write `from: {right}` if {changes} in place, as in Caffe, or else `from: {other}`"
        tops = _names(body.entries.get("top"))
        if tops and tops[0] != name and tops == next((_names(n) for w in _BOTTOMS if (n := body.entries.get(w))), tops):
            found["top"] = f"delete `top`, and read {name} instead of {_written(tops)} in the layers after it"
        return found

    def note(self, name: str, body: MappingNode, op: type[Op] | None, inputs: tuple[str, ...]) -> None:
        """Note a layer that reads some names, in order of the layers."""
        tops = _names(body.entries.get("top"))
        keeps_shape = op is not None and op.keeps_shape
        # Without either, a layer is not written as in Caffe.
        is_linked = not tops and not body.entries.keys().isdisjoint(("from", *_BOTTOMS))
        if len(inputs) == 1 and inputs[0] != name and (tops == list(inputs) or (is_linked and keeps_shape)):
            self._after[inputs[0]] = name

    def _last(self, name: str) -> str:
        """The layer behind all those in place."""
        # A layer comes after the one that it reads, so that this ends.
        while name in self._after:
            name = self._after[name]
        return name


def _names(node: YamlNode | None) -> list[str]:
    if node is None:
        return []
    value = [plain(item) for item in node.items] if isinstance(node, SequenceNode) else [plain(node)]
    return [each for each in value if isinstance(each, str)]


def _written(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
