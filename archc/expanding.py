"""A spec with its blocks and stages written out: the flat spec has the same facts, and the same findings.

A comment that suppresses advice on a layer of a block is written at each layer where it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from archc.analysis import Facts, every_finding
from archc.diagnostics.finding import Finding
from archc.language.blocks.expanded import Expansion
from archc.language.document import Document

_PATH = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")


def expanded(data: bytes, name: str, facts: Facts) -> bytes:
    """The flat spec of the one in `data`, which has the given facts and no errors."""
    document, findings = every_finding(data, name)
    assert document is not None
    if document.expansion is None or document.expansion.is_flat:
        return data
    from archc.language.blocks.printing import flat_names, flat_text  # a spec without blocks does not need these

    parallel = facts.spec.parallel
    placed: Mapping[str, str] = {}
    if parallel is not None and parallel.layers:
        from archc.passes.overrides import placed_layers  # few specs place layers

        placed = placed_layers(parallel, facts.graph)
    flat = flat_text(document.expansion, name, placed)
    silenced = _silenced(document, document.expansion, findings, flat_names(document.expansion))
    return _with_comments(flat, name, silenced) if silenced else flat


def _silenced(
    document: Document, expansion: Expansion, findings: list[Finding], names: Mapping[str, str]
) -> dict[tuple[str, str], str]:
    """The suppressed advice, by what it is in the flat spec: the reason of each."""
    from archc.language.blocks.findings import lines  # as above
    from archc.language.suppressions import suppressed

    found = suppressed(findings, document.written, partial(lines, expansion=expansion))
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
