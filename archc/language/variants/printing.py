"""Prints a derived spec as the whole spec that it stands for, with a comment on where each changed value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from archc.failure import FINDING, Failure
from archc.language.blocks.printing import flow, flow_key
from archc.language.layout.canonical import canonical
from archc.language.reader import MappingNode, SequenceNode, YamlNode
from archc.language.variants.change import Change
from archc.language.variants.derivation import Derivation
from archc.language.variants.tree import name_of, numbers
from archc.source import Span
from archc.wording import joined


class Origins:
    """Where the values of a derived spec come from. The files are named without their folders."""

    def __init__(self, derivation: Derivation) -> None:
        self._derivation = derivation
        self._changes = [change for change in derivation.changes if change.value is not None]

    def where(self, span: Span) -> str:
        """`tanh.yaml, line 5`, or `--set` for a value to try."""
        name = PurePath(span.source.name).name
        return (
            name
            if any(change.is_tried and change.contains(span) for change in self._changes)
            else (f"{name}, line {span.line}")
        )

    def changed(self, node: YamlNode, *, whole: bool = True) -> str:
        """`units from tanh.yaml, line 6`; empty for a node without changes. The `whole` may come from a change."""
        if self._change_of(node) is not None:
            return self.where(node.span) if whole else ""
        places: dict[str, list[str]] = {}
        for path, inner in self._inside(node, ""):
            places.setdefault(self.where(inner.span), []).append(path)
        return "; ".join(f"{joined(paths)} from {place}" for place, paths in places.items())

    def head(self) -> Iterator[str]:
        """The lines at the top: what the spec is, and which layers are removed."""
        base = PurePath(self._derivation.texts[-1].span.source.name).name
        yield f"# {base} with changes; values without a comment are its own."
        if self._derivation.asked.is_loose:
            yield "# What it expects is left out: a value of --set changes it."
        for change, before in zip(self._derivation.changes, self._derivation.result.before, strict=True):
            if change.verb == "remove" and before:
                names = [name_of(self._derivation.base, path).removeprefix("layers.") for path in before]
                yield f"# {joined(names)} removed: {self.where(change.span)}"

    def _inside(self, node: YamlNode, path: str) -> Iterator[tuple[str, YamlNode]]:
        """The outermost nodes that come from changes, by path."""
        children = node.entries if isinstance(node, MappingNode) else {}
        if isinstance(node, SequenceNode):
            children = {str(number): item for number, item in zip(numbers(node), node.items, strict=True)}
        for name, value in children.items():
            inner = f"{path}.{name}" if path else name
            if self._change_of(value) is not None:
                yield inner, value
            else:
                yield from self._inside(value, inner)

    def _change_of(self, node: YamlNode) -> Change | None:
        return next((change for change in self._changes if change.contains(node.span)), None)


def derived_text(derivation: Derivation, name: str) -> bytes:
    """The whole spec in the canonical layout. Its blocks stay blocks."""
    origins = Origins(derivation)
    lines = [*origins.head()]
    for section, node in derivation.result.root.entries.items():
        if section == "layers" and isinstance(node, MappingNode):
            lines.append("layers:")
            for layer, body in node.entries.items():
                lines += [f"  # {layer}: {origin}"] if (origin := origins.changed(body)) else []
                lines.append(f"  {flow_key(layer)}: {flow(body, {})}")
            continue
        lines += [f"# {section}: {origin}"] if (origin := origins.changed(node, whole=False)) else []
        lines.append(f"{section}: {flow(node, {})}")
    text, _ = canonical(("\n".join(lines) + "\n").encode(), name)
    if text is None:
        help = "describe a smaller network; aliases count as what they repeat"
        raise Failure(f"{name} with its changes is larger than a spec may be", help=help, code=FINDING)
    return text
