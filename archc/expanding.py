"""A spec with its blocks and stages written out: the flat spec has the same facts, and the same findings.

A comment that suppresses advice on a layer of a block is written at each layer where it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from archc.analysis import Facts, every_finding
from archc.diagnostics.finding import Finding
from archc.language.asked import PLAIN, UNMET, Asked
from archc.language.document import Document

_PATH = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")


def expanded(data: bytes, name: str, facts: Facts, asked: Asked = PLAIN) -> bytes:
    """The flat spec of the one in `data`, which has the given facts and no errors."""
    document, findings = _every_finding(data, name, asked)
    if document.expansion is None or document.expansion.is_flat:
        return _derived(document, findings, name) or data
    from archc.language.blocks.printing import OneFile, flat_names, flat_text  # a spec without blocks needs none

    parallel = facts.spec.parallel
    placed: Mapping[str, str] = {}
    if parallel is not None and parallel.layers:
        from archc.passes.overrides import placed_layers  # few specs place layers

        placed = placed_layers(parallel, facts.graph)
    origins = OneFile()
    if document.derivation is not None and document.derivation.is_derived:
        from archc.language.variants.printing import Origins  # few specs are derived from others

        origins = Origins(document.derivation)
    flat = flat_text(document.expansion, name, placed, origins)
    silenced = _silenced(document, findings, flat_names(document.expansion))
    return _with_comments(flat, name, silenced) if silenced else flat


def derived(data: bytes, name: str, asked: Asked = PLAIN) -> bytes:
    """The whole spec that the one in `data` stands for if it follows from others; its blocks stay blocks."""
    document, findings = _every_finding(data, name, asked)
    return _derived(document, findings, name) or data


def _every_finding(data: bytes, name: str, asked: Asked) -> tuple[Document, list[Finding]]:
    """The document and the findings of a valid spec, without expectations if a value to try does not meet them."""
    document, findings = every_finding(data, name, asked)
    if asked.sets and any(finding.code == UNMET for finding in findings):
        document, findings = every_finding(data, name, asked._replace(is_loose=True))
    assert document is not None
    return document, findings


def _derived(document: Document, findings: list[Finding], name: str) -> bytes | None:
    """The whole spec that a document stands for; None if it is the one that its file contains."""
    if document.derivation is None or not document.derivation.is_derived:
        return None
    from archc.language.variants.printing import derived_text  # as above

    text = derived_text(document.derivation, name)
    silenced = _silenced(document, findings, {})
    return _with_comments(text, name, silenced) if silenced else text


def _silenced(document: Document, findings: list[Finding], names: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The suppressed advice, by what it is in the spec that is printed: the reason of each."""
    from archc.language.suppressions import suppressed

    if document.expansion is None:
        found = suppressed(findings, document.texts)
    else:
        from archc.language.blocks.findings import uses_around  # as above

        found = suppressed(findings, document.texts, partial(uses_around, expansion=document.expansion))
    return {_key(finding, names): reason for finding, reason in found}


def _key(finding: Finding, names: Mapping[str, str]) -> tuple[str, str]:
    """A piece of advice by its code and its layer, or its message where it is not about one."""
    if finding.layer is not None:
        return finding.code, names.get(finding.layer, finding.layer)
    return finding.code, _PATH.sub(lambda path: names.get(path[0], path[0]), finding.message)


def _with_comments(flat: bytes, name: str, silenced: Mapping[tuple[str, str], str]) -> bytes:
    """The flat spec with a comment above each line whose advice is suppressed."""
    from archc.language.layout.canonical import canonical  # as above

    _, findings = every_finding(flat, name)
    told = {(finding.span.line, finding.code) for finding in findings if _key(finding, {}) not in silenced}
    reasons: dict[int, dict[str, str]] = {}
    for finding in findings:
        if (finding.span.line, finding.code) not in told:
            reasons.setdefault(finding.span.line, {})[finding.code] = silenced[_key(finding, {})]
    lines: list[str] = []
    for number, line in enumerate(flat.decode().removesuffix("\n").split("\n"), 1):
        if number in reasons:
            indent = line[: len(line) - len(line.lstrip())]
            why = dict.fromkeys(filter(None, reasons[number].values()))
            lines.append(f"{indent}# archc: allow {', '.join(reasons[number])}{';'.join(why)}")
        lines.append(line)
    text, problems = canonical(("\n".join(lines) + "\n").encode(), name)
    assert text is not None, problems
    return text
