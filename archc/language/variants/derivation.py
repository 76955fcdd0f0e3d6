"""Derives a spec: the base that it extends, with the changes of each spec that extends it, of a variant, and to try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archc.diagnostics.finding import Finding, is_error
from archc.failure import USAGE, Failure
from archc.language.asked import Asked
from archc.language.reader import MappingNode, ScalarNode, YamlNode
from archc.language.variants.applying import Applied, applied
from archc.language.variants.bases import read_base
from archc.language.variants.change import Change
from archc.language.variants.changes import read_changes, read_expected, read_set
from archc.language.variants.references import dangling
from archc.language.variants.sections import check_extension, check_variants, read_variant, without
from archc.language.variants.tree import without_expectations

HEADER = ("schema", "name", "title")
"""The sections that a derived spec has of its own."""


@dataclass(frozen=True)
class Derivation:
    """How a spec follows from others.

    `own` is the root of its file as it is written, `base` the spec before all changes, under the name of the derived
    one. `texts` are the roots of all files, the own first. `variants` are those of its own file.
    """

    own: MappingNode
    base: MappingNode
    changes: tuple[Change, ...]
    texts: tuple[MappingNode, ...]
    variants: tuple[str, ...]
    asked: Asked

    @cached_property
    def result(self) -> Applied:
        """The spec with all changes."""
        return applied(self.base, self.changes)

    def at(self, count: int) -> MappingNode:
        """The spec with only the first changes."""
        return applied(self.base, self.changes[:count]).root

    @property
    def is_derived(self) -> bool:
        """Whether the spec is another one than its file contains, apart from the variants."""
        return not self.asked.is_plain or "extends" in self.own.entries


class _Stack(NamedTuple):
    """The base of a spec and its changes so far, the roots of their files, and the variants of the last file."""

    base: MappingNode
    changes: tuple[Change, ...]
    texts: tuple[MappingNode, ...]
    variants: Mapping[str, YamlNode]

    def with_variant(self, name: str, findings: list[Finding]) -> _Stack:
        """The stack with the changes of one of the variants, which is called after the spec and the variant."""
        node = self.variants[name]
        body = read_variant(node, findings)
        header = {key: body.entries[key] for key in ("name", "title") if key in body.entries}
        keys = {key: body.keys[key] for key in header}
        before = self.base.entries.get("name")
        if "name" not in header and isinstance(before, ScalarNode):
            header["name"] = ScalarNode(f"{before.value}_{name}", before.span)
            keys["name"] = self.base.keys["name"]
        if "schema" in self.base.entries:
            header["schema"], keys["schema"] = self.base.entries["schema"], self.base.keys["schema"]
        return self._replace(
            base=_headed(self.base, self.base, header, keys), changes=(*self.changes, *_own_changes(body, findings))
        )


def derive(root: MappingNode, name: str, asked: Asked) -> tuple[Derivation | None, list[Finding]]:
    """The derivation of the spec in a file of this name; None, with findings, if its changes cannot be applied."""
    findings: list[Finding] = []
    stack = _stack(root, (name,), findings)
    if stack is None:
        return None, findings
    if asked.variant is not None:
        _demand_variant(name, asked.variant, stack.variants)
        stack = stack.with_variant(asked.variant, findings)
    tried = [change for text in asked.sets if (change := read_set(text, findings))]
    names = tuple(stack.variants)
    found = Derivation(root, stack.base, (*stack.changes, *tried), stack.texts, names, asked)
    findings += found.result.findings
    if not is_error(findings):
        findings += dangling(found.base, found.result, found.changes)
    if is_error(findings):
        return None, findings
    if asked.is_loose:
        found.result.root = without_expectations(found.result.root)
    return found, check_variants(root, findings)


def _stack(root: MappingNode, files: tuple[str, ...], findings: list[Finding]) -> _Stack | None:
    """What the spec in the last of the files stands for."""
    section = root.entries.get("variants")
    variants = section.entries if isinstance(section, MappingNode) else {}
    node = root.entries.get("extends")
    if node is None:
        if "change" in root.entries:
            from archc.language.mistakes.variants import change_without_base  # only for a mistake

            findings.append(change_without_base(root))
        return _Stack(without(root, ("variants", "change")), (), (root,), variants)
    check_extension(root, findings)
    base = read_base(node, files, findings)
    below = _stack(base.root, (*files, base.name), findings) if base else None
    if base is None or below is None:
        return None
    if base.variant is not None:
        word = str(base.variant.value)
        if word not in below.variants:
            from archc.language.mistakes.variants import no_variant  # as above

            findings.append(no_variant(base.variant.span, base.name, word, below.variants))
            return None
        below = below.with_variant(word, findings)
    header = {key: root.entries[key] for key in HEADER if key in root.entries}
    return _Stack(
        _headed(below.base, root, header, {key: root.keys[key] for key in header}),
        (*below.changes, *_own_changes(root, findings)),
        (root, *below.texts),
        variants,
    )


def _own_changes(root: MappingNode, findings: list[Finding]) -> list[Change]:
    """The changes of a spec or of a variant, and the totals that it expects."""
    change, expect = root.entries.get("change"), root.entries.get("expect")
    return [
        *(read_changes(change, findings) if change is not None else ()),
        *(read_expected(expect, findings) if expect is not None else ()),
    ]


def _headed(
    base: MappingNode, root: MappingNode, header: Mapping[str, YamlNode], keys: Mapping[str, ScalarNode]
) -> MappingNode:
    """The base under the name of the spec that is derived from it, whose file has the root."""
    kept = [name for name in base.entries if name not in HEADER]
    entries = {**{name: header[name] for name in HEADER if name in header}, **{n: base.entries[n] for n in kept}}
    return MappingNode(entries, {**keys, **{name: base.keys[name] for name in kept}}, root.span)


def _demand_variant(name: str, variant: str, known: Mapping[str, YamlNode]) -> None:
    """Raise a Failure unless a file has the variant that a command line names."""
    if variant in known:
        return
    from archc.language.mistakes.variants import help_for  # only for a mistake

    raise Failure(f"{name} has no variant `{variant[:64]}`", help=help_for(variant, known), code=USAGE)
