"""What is invalid as YAML: the parser's message at its place, and the mistake that it most likely comes from."""

from __future__ import annotations

import re

import yaml

from archc.diagnostics.finding import Finding, report
from archc.source import Source, Span

_LONGEST = 70
_BRACED = re.compile(r"\$\{\s*([A-Za-z]\w{0,63})\s*\}|\{\{\s*([A-Za-z]\w{0,63})\s*\}\}", re.ASCII)
_NOT_INDENTED = "indent this line like the others of its block, or remove an extra bracket or quote before it"
# libyaml's messages name the token that it expected, not the mistake. The key is how a message begins.
_REMEDIES = {
    "did not find expected ','": "close the bracket, and separate its entries with commas",
    "mapping values are not allowed": "put a nested mapping in braces, or on lines of its own with more indentation; "
    "quote a value that contains `: `",
    "did not find expected key": _NOT_INDENTED,
    "did not find expected '-'": _NOT_INDENTED,
    "found unexpected end of stream": "close the quotes",
    "found unknown escape character": "write a backslash as `\\\\` in double quotes, or use single quotes",
    "found character that cannot start any token": "put the value in quotes",
}


def syntax_finding(source: Source, error: yaml.MarkedYAMLError, read_to: int) -> Finding:
    """The finding for what the parser cannot read; it has read the text up to `read_to`."""
    # The problem is where the parser stopped. The context is the construct that it was in, such as an open bracket.
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(source.text)) if mark else read_to
    related: list[tuple[Span, str]] = []
    if error.context_mark and error.context_mark.index != at:
        start = min(error.context_mark.index, len(source.text))
        related.append((Span(source, start, min(start + 1, len(source.text))), error.context or "here"))
    end = min(at + 1, len(source.text))
    problem = error.problem or error.context or ""
    help = next((remedy for begins, remedy in _REMEDIES.items() if problem.startswith(begins)), None)
    help = braced(source, at) or help
    if source.text[at:end] == "\t":
        help = "indent with spaces; YAML does not allow tabs there"
    return report(Span(source, at, end), "ARC004", f"invalid YAML: {problem}", help=help, related=related)


def braced(source: Source, at: int) -> str | None:
    """The help for a reference in braces around an offset; None if there is none."""
    found = (match for match in _BRACED.finditer(source.text, max(at - _LONGEST, 0), at + _LONGEST))
    name = next((match[1] or match[2] for match in found if match.start() <= at <= match.end()), None)
    return f"write `${name}` for a value that the block takes" if name else None
