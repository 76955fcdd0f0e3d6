"""Decodes the bytes of a spec, and rejects characters that make a text display differently from how it is read."""

from __future__ import annotations

import re

from archc.diagnostics.finding import Finding, report
from archc.source import Source, Span

# Also U+FEFF, which is a byte order mark only at the start, where decoding has removed it, and two noncharacters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
# With these, a person sees the text in another order or on other lines than YAML reads it (CVE-2021-42574).
_MISLEADING = re.compile("[\u202a-\u202e\u2066-\u2069\x85\u2028\u2029]")


def decode(data: bytes, name: str, kind: str) -> tuple[Source, list[Finding]]:
    """The text in `data`, a `kind` of file, reported under `name`, and the first encoding error or disallowed character
    in it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The text is cut at the bad byte, so that UTF-16 or binary data is not shown as if it were text.
        source = Source(name, data[: error.start].decode("utf-8-sig", errors="replace"))
        at = len(source.text)
        message = f"byte {data[error.start]:#04x} at offset {error.start} is not valid UTF-8"
        return source, [report(Span(source, at, at), "ARC001", message, help=f"save the {kind} as UTF-8")]
    source = Source(name, text)
    control = _CONTROL.search(text)
    if control:
        message = f"the control character U+{ord(control[0]):04X} is not allowed in a {kind}"
        return source, [report(Span(source, control.start(), control.end()), "ARC002", message, help="delete it")]
    misleading = _MISLEADING.search(text)
    if misleading:
        return source, [_misleading_finding(Span(source, misleading.start(), misleading.end()), misleading[0])]
    return source, []


def _misleading_finding(span: Span, character: str) -> Finding:
    name = f"U+{ord(character):04X}"
    if character in "\x85\u2028\u2029":
        message = (
            f"only some programs treat {name} as a line break: the text can appear on different lines from the ones "
            "that archc reads"
        )
    else:
        message = f"{name} is a bidirectional control: the text can display in another order than it is read"
    help = f"delete it, or write it as `\\u{ord(character):04x}` in a double-quoted string"
    return report(span, "ARC002", message, help=help)
