"""Comments that suppress advice: `# archc: allow ARC902 - reason`.

A suppression applies to its own line or, if the comment is alone on its line, to the next. Only advice can be
suppressed. A suppression that is invalid or unused is itself reported.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable
from typing import NamedTuple

from archc.diagnostics.codes import CODES
from archc.diagnostics.finding import Edit, Finding, is_error, report
from archc.language.comments import comments
from archc.language.reader import MappingNode, YamlNode
from archc.source import Span
from archc.wording import listed

# One comment may contain several parts, as in `# explanation  # archc: allow ARC902`.
_MARKER = re.compile(r"(?<!\S)#[ \t]*archc:[ \t]*((?:(?!\s#).)*)")
_ALLOW = re.compile(r"allow[ \t]+(?P<codes>\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?:[-–—:].*)?\Z")
_LINE_BREAK = re.compile(r"\r\n|\n|\r")
_CODE = re.compile(r"\w+")
# Blank lines and comments between a comment and what it is about.
_MOST_LINES = 100
_FORM = "write `# archc: allow ARC902 - reason`; separate several codes with commas"


Also = Callable[[Finding], Iterable[Span]]
_Place = tuple[str, int]
"""A line of a file."""


def _nowhere(finding: Finding) -> Iterable[Span]:
    return ()


class _Suppression(NamedTuple):
    """The advice that a comment suppresses on `line`, and its list of codes as it is `written`."""

    span: Span
    codes: tuple[str, ...]
    line: int
    written: Span

    @property
    def place(self) -> _Place:
        """The line that it applies to."""
        return self.span.source.name, self.line

    @property
    def reason(self) -> str:
        """What follows the codes: ` - why`, or nothing."""
        return self.span.source.text[self.written.end : self.span.end]


def suppress(
    findings: list[Finding],
    root: YamlNode,
    also: Also = _nowhere,
    *,
    others: Iterable[YamlNode] = (),
    seen: Iterable[Finding] = (),
    is_whole: bool = True,
) -> list[Finding]:
    """The findings without the suppressed ones, and with a finding for each invalid or unused suppression.

    `also` are further places at which a finding can be suppressed. `others` are the roots of other files, whose own
    mistakes are not reported here. Further findings that were `seen` make a suppression a used one, and unless the
    findings are all of a file, no suppression in it is known to be unused.
    """
    files = [each for each in (root, *others) if "archc:" in each.span.source.text]
    if not files:
        return findings
    read = {each.span.source.name: _read(comments(each)) for each in files}
    allowed = {(*each.place, code) for own, _ in read.values() for each in own for code in each.codes}
    left = [
        f
        for f in findings
        if f.severity == "error" or not any((*_place(span), f.code) in allowed for span in (f.span, *also(f)))
    ]
    if root not in files:
        return left
    name = root.span.source.name
    suppressions, invalid = read[name]
    every = [*findings, *seen]
    found = {(f.span.line, f.code) for f in every if f.span.source.name == name}
    elsewhere = {(span.line, f.code) for f in every for span in also(f) if span.source.name == name}
    # Most advice is computed only for layers without errors. Until then, no suppression is known to be unused.
    is_known = is_whole and not is_error(every)
    return [*left, *invalid, *(_unused(suppressions, found, elsewhere, _parts(root)) if is_known else ())]


def _place(span: Span) -> _Place:
    return span.source.name, span.line


def suppressed(findings: list[Finding], roots: Iterable[YamlNode], also: Also = _nowhere) -> list[tuple[Finding, str]]:
    """The findings that `suppress` leaves out, each with the reason that its comment gives, or nothing."""
    files = [root for root in roots if "archc:" in root.span.source.text]
    suppressions = [each for root in files for each in _read(comments(root))[0]]
    reasons = {(*each.place, code): each.reason for each in reversed(suppressions) for code in each.codes}
    found: list[tuple[Finding, str]] = []
    for finding in findings if reasons else ():
        places = [(*_place(span), finding.code) for span in (finding.span, *also(finding))]
        allowed = next((place for place in places if place in reasons), None)
        if allowed and finding.severity == "advice":
            found.append((finding, reasons[allowed]))
    return found


def _read(spans: Iterable[Span]) -> tuple[list[_Suppression], list[Finding]]:
    suppressions: list[_Suppression] = []
    invalid: list[Finding] = []
    for comment in spans:
        text = comment.source.text[comment.start : comment.end]
        for match in _MARKER.finditer(text):
            begins = comment.start + match.start()
            span = Span(comment.source, begins, begins + len(match[0].rstrip()))
            allow = _ALLOW.match(match[1].rstrip())
            if allow is None:
                message = "invalid suppression: expected `allow` and a code after `archc:`"
                invalid.append(report(span, "ARC991", message, help=_FORM))
                continue
            start = comment.start + match.start(1) + allow.start("codes")
            codes = [
                (c[0], Span(span.source, start + c.start(), start + c.end())) for c in _CODE.finditer(allow["codes"])
            ]
            invalid += [fault for code, place in codes if (fault := _fault(code, place))]
            # The valid codes of a comment take effect even if another code in it is invalid.
            advice = dict.fromkeys(code for code, _ in codes if code in CODES and CODES[code].severity == "advice")
            written = Span(span.source, start, start + len(allow["codes"]))
            suppressions.append(_Suppression(span, tuple(advice), span.line + _is_alone(comment), written))
    return suppressions, invalid


def _is_alone(comment: Span) -> bool:
    """Whether the comment is alone on its line, so that it applies to the next line."""
    return not comment.source.line(comment.line)[: comment.column - 1].strip()


def _fault(code: str, span: Span) -> Finding | None:
    if code not in CODES:
        guess = code.upper() if code.upper() in CODES else None
        help = f"did you mean `{guess}`?" if guess else "copy the code from a finding, such as `advice[ARC902]`"
        return report(span, "ARC991", f"unknown code `{code[:64]}`", help=help)
    if CODES[code].severity == "advice":
        return None
    message = f"{code} is an error; only advice can be suppressed"
    return report(span, "ARC991", message, help=f"fix the error, and remove {code} from this comment")


def _parts(root: YamlNode) -> list[int]:
    """The lines on which the sections and the layers of a spec begin, in order."""
    sections = root if isinstance(root, MappingNode) else None
    parts = [sections.entries.get(name) for name in ("layers", "blocks")] if sections else []
    blocks = parts[1].entries.values() if len(parts) > 1 and isinstance(parts[1], MappingNode) else ()
    inside = [block.entries.get("layers") for block in blocks if isinstance(block, MappingNode)]
    mappings = [part for part in (sections, *parts, *inside) if isinstance(part, MappingNode)]
    return sorted({key.span.line for part in mappings for key in part.keys.values()})


def _misplaced(
    suppression: _Suppression, idle: list[str], elsewhere: dict[tuple[int, str], list[int]], parts: list[int]
) -> int | None:
    """The line in the same layer or section with advice that the suppression seems meant for; None if there is none."""
    source, follows = suppression.span.source, suppression.line
    last = min(source.position(len(source.text))[0], follows + _MOST_LINES)
    while follows < last and source.line(follows).strip()[:1] in ("", "#"):
        follows += 1
    own = {bisect(parts, suppression.span.line), bisect(parts, follows)}
    lines = [line for part in own for code in idle for line in elsewhere.get((part, code), [])]
    return min(lines, key=lambda line: abs(line - suppression.line), default=None)


def _unused(
    suppressions: list[_Suppression], found: set[tuple[int, str]], also: set[tuple[int, str]], parts: list[int]
) -> list[Finding]:
    findings: list[Finding] = []
    known = found | also
    elsewhere: dict[tuple[int, str], list[int]] = {}
    for line, code in sorted(found - {(each.line, code) for each in suppressions for code in each.codes}):
        elsewhere.setdefault((bisect(parts, line), code), []).append(line)
    for suppression in suppressions:
        idle = [code for code in suppression.codes if (suppression.line, code) not in known]
        if not idle:
            continue
        verb = "is" if len(idle) == 1 else "are"
        message = f"unused suppression: {listed(idle)} {verb} not reported on line {suppression.line}"
        is_whole = len(idle) == len(suppression.codes)
        delete = "delete the comment, or move it to the line of the advice"
        help = delete if is_whole else f"remove {listed(idle)} from the comment"
        if line := _misplaced(suppression, idle, elsewhere, parts):
            help = f"move it to line {line}" if is_whole else f"move {listed(idle)} to a comment on line {line}"
        fix = [] if line else [_deletion(suppression.span)] if is_whole else _without(suppression, idle)
        findings.append(report(suppression.span, "ARC990", message, help=help, fix=fix))
    return findings


def _without(suppression: _Suppression, idle: list[str]) -> list[Edit]:
    """The edit that removes some of a comment's codes; none if its reason names one, which is the author's."""
    written = suppression.written
    if any(code in suppression.reason for code in idle):
        return []
    text = written.source.text[written.start : written.end]
    kept = [code for code in _CODE.findall(text) if code not in idle]
    return [Edit(written, ", ".join(kept))]


def _deletion(span: Span) -> Edit:
    """The edit that deletes a comment with the white space before it, or the whole line if it is alone on it."""
    before = span.source.line(span.line)[: span.column - 1]
    if before.strip():
        return Edit(Span(span.source, span.start - len(before) + len(before.rstrip()), span.end), "")
    line_break = _LINE_BREAK.match(span.source.text, span.end)
    return Edit(Span(span.source, span.start - len(before), line_break.end() if line_break else span.end), "")
