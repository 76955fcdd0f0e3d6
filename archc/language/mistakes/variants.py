"""Sections that a spec with `extends:` or a variant does not have, and variants that do not exist."""

from __future__ import annotations

from collections.abc import Collection

from archc.diagnostics.finding import Finding, report
from archc.language.fields import field_names
from archc.language.mistakes.vocabulary import did_you_mean, nearest
from archc.language.reader import MappingNode, YamlNode
from archc.language.spec import Spec
from archc.language.variants.words import CHANGE, OF_EXTENSION, OF_VARIANT
from archc.source import Span
from archc.wording import listed


def not_of_extension(root: MappingNode) -> list[Finding]:
    """The findings on sections that a spec with `extends:` has from its base only."""
    return [
        _not_own(word, root.keys[word].span, OF_EXTENSION, "a spec with `extends`")
        for word in root.entries
        if word not in OF_EXTENSION
    ]


def not_a_variant(node: YamlNode) -> list[Finding]:
    """The findings on a variant that is not a mapping, or has sections that a variant does not have."""
    if not isinstance(node, MappingNode):
        help = f"write `{{{CHANGE}}}`"
        return [report(node.span, "ARC104", "a variant must be a mapping", help=help)]
    wrong = [word for word in node.entries if word not in OF_VARIANT]
    return [_not_own(word, node.keys[word].span, OF_VARIANT, "a variant") for word in wrong]


def change_without_base(root: MappingNode) -> Finding:
    """The finding for changes of a spec that extends none."""
    help = "add `extends:` with the spec to change, or move the changes to a variant: `variants: {NAME: {change: …}}`"
    return report(root.keys["change"].span, "ARC103", "`change` needs `extends`", help=help)


def no_variant(span: Span, name: str, word: str, known: Collection[str]) -> Finding:
    """The finding for a variant that a base does not have."""
    return report(span, "ARC116", f"{name} has no variant `{word[:64]}`", help=help_for(word, known))


def help_for(word: str, known: Collection[str]) -> str:
    """The variant that is meant, or those that there are."""
    guess = nearest(word, known, named=True)
    if guess:
        return f"did you mean `{guess}`?"
    return f"its variants: {listed([*known])}" if known else "it has no `variants:`"


def _not_own(word: str, span: Span, own: Collection[str], what: str) -> Finding:
    """The finding on a section that comes from the base, or on an unknown one."""
    if word in field_names(Spec) and word not in ("extends", "variants", "schema"):
        help = f"change it: `change: [{{set: {word}, to: …}}]`"
        if word in ("layers", "blocks", "change"):
            help = f"change them: `{CHANGE}`"
        message = f"{what} has no `{word}` of its own: it has that of its base"
        return report(span, "ARC101", message, help=help)
    help = did_you_mean(word, own, what="fields", section=True)
    return report(span, "ARC101", f"unknown field `{word[:64]}`: {what} does not have it", help=help)
