"""The sections of a spec that extends another, and those of a variant; mistakes in them become findings."""

from __future__ import annotations

from collections.abc import Collection

from archc.diagnostics.finding import Finding, report
from archc.language.fields import NAME
from archc.language.reader import MappingNode, YamlNode
from archc.language.variants.words import CHANGE, OF_EXTENSION, OF_VARIANT


def check_extension(root: MappingNode, findings: list[Finding]) -> None:
    """Report the sections that a spec with `extends:` does not have of its own."""
    if not root.entries.keys() <= set(OF_EXTENSION):
        from archc.language.mistakes.variants import not_of_extension  # only for a mistake, for the time of start-up

        findings += not_of_extension(root)


def check_variants(root: MappingNode, findings: list[Finding]) -> list[Finding]:
    """The findings with those on the form of the section `variants:` and on the names in it."""
    section = root.entries.get("variants")
    if section is None:
        return findings
    if not isinstance(section, MappingNode):
        help = f"write `variants: {{NAME: {{{CHANGE}}}}}`"
        return [*findings, report(section.span, "ARC104", "`variants` must be a mapping of names", help=help)]
    wrong = [key for name, key in section.keys.items() if not NAME.match(name)]
    if wrong:
        from archc.language.mistakes.validation import not_a_name  # only for a mistake, for the time of start-up

        return [*findings, *(not_a_name(str(key.value), key.span) for key in wrong)]
    return findings


def read_variant(node: YamlNode, findings: list[Finding]) -> MappingNode:
    """The sections of a variant, those that it does not have reported."""
    if isinstance(node, MappingNode) and node.entries.keys() <= set(OF_VARIANT):
        return node
    from archc.language.mistakes.variants import not_a_variant  # as above

    findings += not_a_variant(node)
    return node if isinstance(node, MappingNode) else MappingNode({}, {}, node.span)


def without(root: MappingNode, names: Collection[str]) -> MappingNode:
    """The mapping without some of its entries."""
    entries = {name: node for name, node in root.entries.items() if name not in names}
    return root._replace(entries=entries, keys={name: root.keys[name] for name in entries})
