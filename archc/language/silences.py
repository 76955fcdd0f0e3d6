"""Advice silenced by a comment at its line, `# archc: allow ARC902 - why`, or by one alone on the line above.

Only advice can be silenced. A silence that cannot be read, or that silences nothing, is reported itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from archc.diagnostics.codes import CODES
from archc.diagnostics.finding import Edit, Finding, is_error, report
from archc.language.comments import comments
from archc.language.reader import YamlNode
from archc.source import Span

# A comment may hold several after one another, as in `# why so  # archc: allow ARC902`.
_MARKER = re.compile(r"(?<!\S)#[ \t]*archc:[ \t]*((?:(?!\s#).)*)")
_ALLOW = re.compile(r"allow[ \t]+(?P<codes>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?:[-–—:].*)?\Z")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_CODE = re.compile(r"\w+")
_FORM = "write `# archc: allow ARC902 - why`, or several codes with commas between"


class _Silence(NamedTuple):
    """The advice that a comment allows on `line`."""

    span: Span
    codes: tuple[str, ...]
    line: int


def silence(findings: list[Finding], root: YamlNode) -> list[Finding]:
    """The findings without those that a comment allows, and with what is wrong with such comments."""
    if "archc:" not in root.span.source.text:
        return findings
    silences, wrong = _read(comments(root))
    allowed = {(allowing.line, code) for allowing in silences for code in allowing.codes}
    found = {(finding.span.line, finding.code) for finding in findings}
    left = [f for f in findings if f.severity == "error" or (f.span.line, f.code) not in allowed]
    # Advice waits until there is no error, so what would be silenced is not known before.
    unused = [] if is_error(findings) else _unused(silences, found)
    return [*left, *wrong, *unused]


def _read(spans: Iterable[Span]) -> tuple[list[_Silence], list[Finding]]:
    silences: list[_Silence] = []
    wrong: list[Finding] = []
    for comment in spans:
        text = comment.source.text[comment.start : comment.end]
        for match in _MARKER.finditer(text):
            begins = comment.start + match.start()
            span = Span(comment.source, begins, begins + len(match[0].rstrip()))
            allow = _ALLOW.match(match[1].rstrip())
            if allow is None:
                message = "a comment that begins with `archc:` allows advice, and this one cannot be read"
                wrong.append(report(span, "ARC991", message, help=_FORM))
                continue
            start = comment.start + match.start(1) + allow.start("codes")
            codes = [
                (c[0], Span(span.source, start + c.start(), start + c.end())) for c in _CODE.finditer(allow["codes"])
            ]
            wrong += [fault for code, place in codes if (fault := _fault(code, place))]
            advice = tuple(code for code, _ in codes if code in CODES and CODES[code].severity == "advice")
            silences.append(_Silence(span, advice, span.line + _is_alone(comment)))
    return silences, wrong


def _is_alone(comment: Span) -> bool:
    """Whether nothing else stands on the comment's line, so that it speaks of the next one."""
    return not comment.source.line(comment.line)[: comment.column - 1].strip()


def _fault(code: str, span: Span) -> Finding | None:
    if code not in CODES:
        guess = code.upper() if code.upper() in CODES else None
        help = f"did you mean `{guess}`?" if guess else "a finding shows its code in brackets, as in `advice[ARC902]`"
        return report(span, "ARC991", f"there is no code {code[:64]}", help=help)
    if CODES[code].severity == "advice":
        return None
    message = f"{code} is an error: only advice can be silenced"
    return report(span, "ARC991", message, help="mend what it reports, and delete this comment")


def _unused(silences: Iterable[_Silence], found: set[tuple[int, str]]) -> list[Finding]:
    findings: list[Finding] = []
    for allowing in silences:
        idle = [code for code in allowing.codes if (allowing.line, code) not in found]
        if not idle:
            continue
        message = f"line {allowing.line} gives no {' and no '.join(idle)}: nothing to allow"
        whole = len(idle) == len(allowing.codes)
        help = "delete the comment" if whole else f"delete {', '.join(idle)} from it"
        help += "; it speaks of its own line, or alone of the line below"
        fix = [_deletion(allowing.span)] if whole else []
        findings.append(report(allowing.span, "ARC990", message, help=help, fix=fix))
    return findings


def _deletion(span: Span) -> Edit:
    """Without the comment and the white space before it, or without its line where it stands alone."""
    before = span.source.line(span.line)[: span.column - 1]
    if before.strip():
        return Edit(Span(span.source, span.start - len(before) + len(before.rstrip()), span.end), "")
    line_break = _LINE_BREAK.match(span.source.text, span.end)
    return Edit(Span(span.source, span.start - len(before), line_break.end() if line_break else span.end), "")
