"""Reads the section `blocks:`; mistakes in it become findings."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.language.blocks.forms import CALL, Block
from archc.language.fields import NAME
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span


def read_blocks(section: YamlNode | None, findings: list[Finding]) -> dict[str, Block | None]:
    """The blocks of a spec by name; None for one that cannot be understood, which is reported."""
    if section is None:
        return {}
    if not isinstance(section, MappingNode):
        from archc.language.mistakes.blocks import not_blocks  # only for a mistake, for the time of start-up

        return not_blocks(section, findings)
    return {name: _block(name, section.keys[name].span, body, findings) for name, body in section.entries.items()}


def _block(name: str, key: Span, body: YamlNode, findings: list[Finding]) -> Block | None:
    if not NAME.match(name):
        from archc.language.mistakes.validation import not_a_name  # as above

        findings.append(not_a_name(name, key))
    right = _right(body)
    if right is None:
        from archc.language.mistakes.blocks import right_block  # as above

        right = right_block(name, key, body, findings)
    if right is None:
        return None
    block = Block(name, key, right[1])
    takes = right[0].entries.get("takes")
    if takes is not None:
        _read_takes(block, takes, findings)
    return block


def _right(body: YamlNode) -> tuple[MappingNode, MappingNode | SequenceNode] | None:
    """A block without a mistake in its form, and its layers."""
    if not isinstance(body, MappingNode) or not body.entries.keys() <= {"takes", "layers"}:
        return None
    layers = body.entries.get("layers")
    return (body, layers) if isinstance(layers, (MappingNode, SequenceNode)) and _children(layers) else None


def _children(layers: MappingNode | SequenceNode) -> list[YamlNode]:
    return layers.items if isinstance(layers, SequenceNode) else [*layers.entries.values()]


def _read_takes(block: Block, takes: YamlNode, findings: list[Finding]) -> None:
    """The names that a block takes: `[filters, stride: 1]`."""
    items = takes.items if isinstance(takes, SequenceNode) else None
    if items is None:
        from archc.language.mistakes.blocks import right_takes  # as above

        items = right_takes(takes, findings)
    for item in items:
        if isinstance(item, MappingNode):
            for name, default in item.entries.items():
                _take(block, name, item.keys[name].span, default, findings)
        elif isinstance(item, ScalarNode) and isinstance(item.value, str):
            _take(block, item.value, item.span, None, findings)
        else:
            message = "`takes` lists names, or pairs of a name and a default"
            findings.append(report(item.span, "ARC104", message, help="write `takes: [filters, stride: 1]`"))


def _take(block: Block, name: str, span: Span, default: YamlNode | None, findings: list[Finding]) -> None:
    if not NAME.match(name) or name in (*CALL, "op"):
        from archc.language.mistakes.blocks import assigned, not_a_parameter  # as above

        findings.append(not_a_parameter(name, span))
        name, default = assigned(name, span) or (name.removeprefix("$"), default)
        if not NAME.match(name) or name in (*CALL, "op"):
            block.refused.add(name)
            return
    elif name in block.names:
        related = [(block.names[name], "first here")]
        message = f"duplicate name `{name}` in `takes`"
        findings.append(report(span, "ARC105", message, help="delete the second", related=related))
    if name not in block.takes:
        block.takes[name], block.names[name] = default, span
