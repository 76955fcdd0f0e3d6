"""A spec in the canonical layout, unless the layout would change which advice its suppressions cover."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from archc.diagnostics.finding import Finding
from archc.language.layout.canonical import canonical


class Formatted(NamedTuple):
    """The formatted bytes, or None and the findings if archc cannot read the text as YAML.

    `is_kept`: the text is unchanged, because a suppression would cover other advice in the canonical layout.
    """

    data: bytes | None
    findings: list[Finding]
    is_kept: bool = False


def formatted(data: bytes, name: str) -> Formatted:
    """The spec in `data` in the canonical layout."""
    result, findings = canonical(data, name)
    if result is not None and result != data and b"archc:" in data and _advice(result, name) != _advice(data, name):
        return Formatted(data, [], is_kept=True)
    return Formatted(result, findings)


def _advice(data: bytes, name: str) -> Counter[tuple[str, str]]:
    """The findings by what they say. Formatting moves them to other lines."""
    from archc.analysis import analyse  # few specs have suppressions

    findings = analyse(data, name, with_variants=True).findings
    return Counter((f.code, re.sub(r"\bline [0-9]+", "line", f.message)) for f in findings)
