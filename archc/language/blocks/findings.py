"""Findings in blocks: where a value that comes from a call is used, and which fixes are right for all uses.

No pass knows of blocks. It reports at the spans of a layer's fields, and what lies at these is found here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

from archc.diagnostics.finding import Edit, Finding, is_error, replacement
from archc.diagnostics.grouping import LAST_OF_WORDS
from archc.graph import uses_of
from archc.language.blocks.expanded import Expansion
from archc.language.blocks.forms import referred
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

_WORD = re.compile(r"(?<![\w$.])[A-Za-z]\w*(?=\s*(?:[],}]|\Z))", re.ASCII)
"""A word that is a value, also one of several in a list or a mapping."""
_PATH = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)+")


def in_blocks(findings: list[Finding], expansion: Expansion) -> list[Finding]:
    """The findings, each with the reference that a wrong value replaces, and without fixes that are wrong elsewhere."""
    findings = [_without_sign(finding, expansion) for finding in findings]
    fixes = _Fixes(findings, expansion)
    uses = uses_of(expansion.scopes, expansion.sites)
    unchecked = _unchecked(findings, expansion) if is_error(findings) else set[str]()
    checked = uses_of(expansion.scopes, expansion.sites.keys() - unchecked) if unchecked else uses
    counts = Counter(map(partial(_mistake, uses), findings))
    found: list[Finding] = []
    for finding in findings:
        use = (uses if finding.code <= LAST_OF_WORDS else checked).get(finding.layer or "")
        is_one = use is not None and use[2] > 1 and counts[_mistake(uses, finding)] == 1
        if use is not None and is_one and _is_written(finding, expansion) and not _names_others(finding, uses):
            all_are = "uses" if use == uses[finding.layer or ""] else "checked uses"
            note = f"in 1 of {use[2]:,} {all_are}: {use[1]}"
            finding = finding._replace(notes=(*finding.notes, note))
        place = reference(finding, expansion)
        if place is not None and place not in (span for span, _ in finding.related):
            block = expansion.sites[finding.layer or ""][0]
            text = place.source.text[place.start : place.end]
            finding = finding._replace(related=(*finding.related, (place, f"`{text}` in block {block}")))
        if place is None:
            finding = finding._replace(related=(*finding.related, *_given(finding, expansion)))
        found.append(finding if fixes.are_right(finding) else finding._replace(fix=()))
    return found


def _unchecked(findings: list[Finding], expansion: Expansion) -> set[str]:
    """The layers without a finding of their own that depend on one with an error, so that nothing is known of them."""
    failed = {finding.layer or "" for finding in findings if finding.severity == "error"}
    blocked, last = set(failed), ""
    for path, body in _layers(expansion).entries.items():
        node = body.entries.get("from") if isinstance(body, MappingNode) else None
        items = node.items if isinstance(node, SequenceNode) else [node] if node else []
        read = [str(item.value) for item in items if isinstance(item, ScalarNode)] or [last]
        if not blocked.isdisjoint(read):
            blocked.add(path)
        last = path
    return blocked - failed


def _without_sign(finding: Finding, expansion: Expansion) -> Finding:
    """The finding on a wrong value, with a help if it is a name that its block takes, without the `$`."""
    path = finding.layer or ""
    if finding.code not in ("ARC104", "ARC105") or finding.help or path not in expansion.bodies:
        return finding
    while path and (path not in expansion.scopes or expansion.scopes[path].block is None):
        path = path.rpartition(".")[0]
    if not path or not _is_written(finding, expansion):
        return finding
    takes = expansion.scopes[path].arguments
    text = finding.span.source.text[finding.span.start : finding.span.end]
    right = _WORD.sub(lambda word: f"${word[0]}" if word[0] in takes else word[0], text)
    if right == text:
        return finding
    return finding._replace(help=f"write `{right}`", fix=replacement(finding.span, right))


def _mistake(uses: Mapping[str, tuple[str, str, int]], finding: Finding) -> tuple[str, Span, str]:
    """What the findings on all uses of a mistake in a block have in common."""
    use = uses.get(finding.layer or "")
    return finding.code, finding.span, use[0] if use else ""


def _names_others(finding: Finding, uses: Mapping[str, tuple[str, str, int]]) -> bool:
    """Whether the message names the layers of other uses, too."""
    what, where, _ = uses[finding.layer or ""]
    named = [uses[name] for name in _PATH.findall(finding.message) if name in uses]
    return any(other == what and use != where for other, use, _ in named)


def _is_written(finding: Finding, expansion: Expansion) -> bool:
    """Whether a finding is in the text of the block, and not in that of a call."""
    path = finding.layer or ""
    return _contains(expansion.bodies[path].span, finding.span) or finding.span == _layers(expansion).keys[path].span


def uses_around(finding: Finding, expansion: Expansion) -> Iterator[Span]:
    """Where a finding can be suppressed besides its own line: at the uses of blocks that it is in."""
    place = reference(finding, expansion)
    if place is not None:
        yield place
    path = finding.layer or ""
    while path := path.rpartition(".")[0]:
        if path in expansion.calls:
            yield expansion.calls[path]


def reference(finding: Finding, expansion: Expansion) -> Span | None:
    """The reference in a block, if the finding is at a value that replaces one."""
    body = expansion.bodies.get(finding.layer or "")
    if body is None or finding.layer in expansion.failed:
        return None
    layer = _layers(expansion).entries[finding.layer or ""]
    return next((at for at, value in _replaced(body, layer) if _contains(value, finding.span)), None)


def _given(finding: Finding, expansion: Expansion) -> Iterator[tuple[Span, str]]:
    """The values of the references inside of a wrong value that is written in a block."""
    body = expansion.bodies.get(finding.layer or "")
    if not isinstance(body, MappingNode) or finding.layer in expansion.failed:
        return
    layer = _layers(expansion).entries[finding.layer or ""]
    if all(node.span != finding.span for node in body.entries.values()):
        return
    for at, value in _replaced(body, layer):
        if _contains(finding.span, at) and value not in (span for span, _ in finding.related):
            yield value, f"`{at.source.text[at.start : at.end]}`"


def _layers(expansion: Expansion) -> MappingNode:
    layers = expansion.root.entries["layers"]
    assert isinstance(layers, MappingNode)
    return layers


def _replaced(body: YamlNode, layer: YamlNode) -> Iterator[tuple[Span, Span]]:
    """The span of each reference in a layer as it is written, and of the value in its place."""
    if body is layer:
        return
    if referred(body) is not None:
        yield body.span, layer.span
    elif isinstance(body, MappingNode) and isinstance(layer, MappingNode):
        for key, value in body.entries.items():
            if key in layer.entries:
                yield from _replaced(value, layer.entries[key])
    elif isinstance(body, SequenceNode) and isinstance(layer, SequenceNode):
        for item, value in zip(body.items, layer.items, strict=False):
            yield from _replaced(item, value)


def _contains(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end and outer.source == inner.source


class _Fixes:
    """Which fixes are right: those of all layers that have the text in common that a fix changes."""

    def __init__(self, findings: list[Finding], expansion: Expansion) -> None:
        self._expansion = expansion
        self._layers: dict[Edit, set[str]] = {}
        for finding in findings:
            for edit in finding.fix:
                self._layers.setdefault(edit, set()).add(finding.layer or "")
        # By the text of layers, and of values at calls: the layers that have it.
        self._texts: dict[Span, set[str]] = {}
        if not self._layers:
            return
        for path, layer in _layers(expansion).entries.items():
            body = expansion.bodies[path]
            self._texts.setdefault(body.span, set()).add(path)
            for _, value in _replaced(body, layer):
                self._texts.setdefault(value, set()).add(path)

    def are_right(self, finding: Finding) -> bool:
        """Whether all edits of a finding are right for all layers that they change."""
        return all(self._is_right(finding, edit) for edit in finding.fix)

    def _is_right(self, finding: Finding, edit: Edit) -> bool:
        written = self._expansion.written.entries
        sections = [written[name].span for name in ("layers", "blocks") if name in written]
        if not any(_contains(section, edit.span) for section in sections):
            return True
        if any(path in self._expansion.sites for path in _PATH.findall(edit.text)):
            return False
        site = self._expansion.sites.get(finding.layer or "")
        changed = [paths for text, paths in self._texts.items() if _contains(text, edit.span)]
        if not changed and site is not None and site[0]:
            # An edit beside a layer changes all uses of its block.
            changed = [{path for path, other in self._expansion.sites.items() if other == site}]
        return all(paths <= self._layers[edit] for paths in changed) or finding.layer is None
