"""Bytes to a tree of nodes with spans: YAML 1.2 core, without what makes one text mean two things.

Reads PyYAML's parse events with a stack of its own, so no nesting can exhaust the interpreter's. Every limit on
untrusted input lives here. What is wrong becomes a finding; nothing is raised for a bad text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple

import yaml

from archc.diagnostics.finding import Finding, report
from archc.source import Source, Span

# docs/limits.md says what each is for; a test holds its figures to these.
MAX_BYTES = 8 * 2**20
MAX_ENTRIES = 100_000
MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_SCALAR = 4096
MAX_INTEGER_DIGITS = 18
MAX_FINDINGS = 1000

_PLAIN = re.compile(
    r"""(?:
      (?P<null> ~ | null | Null | NULL | )
    | (?P<bool> true | True | TRUE | false | False | FALSE )
    | (?P<integer> [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ )
    | (?P<float> [-+]? (?: \.[0-9]+ | [0-9]+ (?: \.[0-9]* )? ) (?: [eE][-+]?[0-9]+ )? )
    | (?P<not_finite> [-+]?\.(?: inf | Inf | INF ) | \.(?: nan | NaN | NAN ) )
    )\Z""",
    re.VERBOSE,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
# What a reader of the screen takes for another order of the text, or another line than YAML does (CVE-2021-42574).
_MISLEADING = re.compile("[\u202a-\u202e\u2066-\u2069\x85\u2028\u2029]")

_TOO_DEEP = "no field of archc/v1 is nested more than 5 deep: is a bracket left open?"
_TOO_MUCH = "describe a smaller network: docs/limits.md says what each limit is for"
_NOT_INDENTED = "indent it as the lines that it belongs to; before it, a bracket or a quote may be one too many"
# What to do about what libyaml says, by how that begins.
_REMEDIES = {
    "did not find expected ','": "close the bracket, and put a comma between the things in it",
    "mapping values are not allowed": "a mapping goes into braces, or on lines of its own that are indented further; "
    "a value that holds `: `, into quotes",
    "did not find expected key": _NOT_INDENTED,
    "did not find expected '-'": _NOT_INDENTED,
    "found unexpected end of stream": "close the quotes",
    "found unknown escape character": "a backslash in double quotes is written `\\\\`; in single ones, as it is",
    "found character that cannot start any token": "put the value in quotes",
}

Value = None | bool | int | float | str


class ScalarNode(NamedTuple):
    """A single value, resolved by the YAML 1.2 core schema."""

    value: Value
    span: Span


class SequenceNode(NamedTuple):
    items: list[YamlNode]
    span: Span


class MappingNode(NamedTuple):
    """Keys are strings, each once; `keys` holds the scalar, and so the span, of each."""

    entries: dict[str, YamlNode]
    keys: dict[str, ScalarNode]
    span: Span


YamlNode = ScalarNode | SequenceNode | MappingNode


def plain(node: YamlNode) -> object:
    """The node as plain Python data. Recursion is bounded by MAX_DEPTH."""
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [plain(item) for item in node.items]
        case MappingNode():
            return {key: plain(value) for key, value in node.entries.items()}


def read(data: bytes, name: str) -> tuple[YamlNode | None, list[Finding]]:
    """The root node of a text as far as it can be used, and what is wrong with the text.

    None where the rest could only be guessed. A repeated key keeps its first value; an unusable value is null.
    """
    source, findings = _decode(data, name)
    if findings:
        return None, findings
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            if not builder.accept(event):
                return None, builder.findings
    except yaml.MarkedYAMLError as error:
        return None, [*builder.findings, _syntax_finding(source, error, builder.end)]
    if builder.root is None:
        return None, [report(Span(source, 0, 0), "ARC004", "the text is empty: a spec begins with `schema: archc/v1`")]
    return builder.root, builder.findings


def _decode(data: bytes, name: str) -> tuple[Source, list[Finding]]:
    if len(data) > MAX_BYTES:
        source = Source(name, "")
        return source, [
            report(
                Span(source, 0, 0),
                "ARC003",
                f"the text has more than {MAX_BYTES:,} bytes, the limit",
                help=_TOO_MUCH,
            )
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # UTF-16 and friends hold no readable first line, so the excerpt is what came before.
        source = Source(name, data[: error.start].decode("utf-8-sig", errors="replace"))
        at = len(source.text)
        message = f"byte {data[error.start]:#04x} at offset {error.start} is not UTF-8"
        return source, [report(Span(source, at, at), "ARC001", message, help="save the spec as UTF-8")]
    source = Source(name, text)
    control = _CONTROL.search(text)
    if control:
        message = f"the control character U+{ord(control[0]):04X} does not belong in a spec"
        return source, [report(Span(source, control.start(), control.end()), "ARC002", message, help="delete it")]
    misleading = _MISLEADING.search(text)
    if misleading:
        return source, [_misleading_finding(Span(source, misleading.start(), misleading.end()), misleading[0])]
    return source, []


def _misleading_finding(span: Span, character: str) -> Finding:
    what = "is a line break to some readers only" if character in "\x85\u2028\u2029" else "turns the order of writing"
    escape = f"\\u{ord(character):04x}"
    message = f"the character U+{ord(character):04X} {what}: the spec would not say what it seems to"
    return report(span, "ARC002", message, help=f'delete it, or write `{escape}` in a "string"')


def _events(text: str) -> Iterator[yaml.Event]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except (ValueError, OverflowError) as error:
        # PyYAML's readers trip over some escapes, tags and versions out of all range, and do not say where.
        raise yaml.MarkedYAMLError(problem=str(error)) from error


def _syntax_finding(source: Source, error: yaml.MarkedYAMLError, read_to: int) -> Finding:
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(source.text)) if mark else read_to
    related: list[tuple[Span, str]] = []
    if error.context_mark and error.context_mark.index != at:
        start = min(error.context_mark.index, len(source.text))
        related.append((Span(source, start, min(start + 1, len(source.text))), error.context or "here"))
    end = min(at + 1, len(source.text))
    problem = error.problem or error.context or ""
    help = next((remedy for begins, remedy in _REMEDIES.items() if problem.startswith(begins)), None)
    if source.text[at:end] == "\t":
        help = "indent with spaces: a tab begins nothing in YAML"
    return report(Span(source, at, end), "ARC004", f"not YAML: {problem}", help=help, related=related)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read; a mapping holds the key that waits for its value."""

    start: int
    anchor: str | None
    items: list[YamlNode] | None = None
    entries: dict[str, YamlNode] = field(default_factory=dict[str, "YamlNode"])
    keys: dict[str, ScalarNode] = field(default_factory=dict[str, ScalarNode])
    key: ScalarNode | None = None
    skip_value: bool = False
    merges: bool = False
    expanded: int = 1
    height: int = 1

    @property
    def count(self) -> int:
        return len(self.entries if self.items is None else self.items)


class _Builder:
    """Takes events one by one; `accept` returns False once the rest of the text could only add noise."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: YamlNode | None = None
        self.findings: list[Finding] = []
        # Where the last thing that is written ends: libyaml ends a block collection only at the next token.
        self.end = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[YamlNode, int, int]] = {}
        self._documents = 0
        self._nodes = 0

    def accept(self, event: yaml.Event) -> bool:
        span = self._span(event)
        if span.end > span.start:
            self.end = span.end
        match event:
            case yaml.ScalarEvent():
                return self._begin(event) and self._scalar(event, span)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    return self._stop(event, "ARC006", "a spec is one document: a second one starts here")
            case yaml.AliasEvent():
                return self._alias(event)
            case yaml.SequenceStartEvent():
                return self._begin(event) and self._open(event, span, items=[])
            case yaml.MappingStartEvent():
                return self._begin(event) and self._open(event, span, items=None)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case _:
                return True
        return True

    def _span(self, event: yaml.Event) -> Span:
        assert event.start_mark is not None and event.end_mark is not None
        start, end = event.start_mark.index, event.end_mark.index
        # A block scalar ends at the next token: the white space before that is not part of it.
        while end > start and self.source.text[end - 1].isspace():
            end -= 1
        return Span(self.source, start, end)

    def _stop(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> bool:
        self.findings.append(report(self._span(event), code, message, help=help))
        return False

    def _find(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> None:
        self.findings.append(report(self._span(event), code, message, help=help))

    def _count(self, event: yaml.Event, values: int) -> bool:
        """Whether so many more values fit, in all and in the collection that is open."""
        self._nodes += values
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values, each alias counted as what it repeats"
            return self._stop(event, "ARC003", message, help=_TOO_MUCH)
        if self._stack and self._stack[-1].count >= MAX_ENTRIES:
            message = f"more than {MAX_ENTRIES:,} entries in one mapping or list"
            return self._stop(event, "ARC003", message, help=_TOO_MUCH)
        return True

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> bool:
        if not self._count(event, 1) or len(self.findings) > MAX_FINDINGS:
            return False
        if event.tag is not None:
            self._find(
                event, "ARC006", f"tags are no part of archc/v1: `{_shorthand(event.tag)}`", help="delete the tag"
            )
        return True

    def _open(self, event: yaml.CollectionStartEvent, span: Span, items: list[YamlNode] | None) -> bool:
        if len(self._stack) >= MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} deep", help=_TOO_DEEP)
        if self._wants_key():
            return self._stop(event, "ARC006", "a key must be a plain name, not a list or a mapping")
        self._stack.append(_Open(span.start, event.anchor, items=items))
        return True

    def _close(self) -> None:
        done = self._stack.pop()
        span = Span(self.source, done.start, max(self.end, done.start))
        node = SequenceNode(done.items, span) if done.items is not None else MappingNode(done.entries, done.keys, span)
        self._add(node, done.anchor, done.expanded, done.height)

    def _alias(self, event: yaml.AliasEvent) -> bool:
        if self._wants_key():
            return self._stop(event, "ARC006", "a key must be a plain name, not an alias")
        if any(level.anchor == event.anchor for level in self._stack):
            message = f"`*{event.anchor}` stands inside what it repeats"
            return self._stop(event, "ARC008", message, help="write out what it should repeat")
        if event.anchor not in self._anchors:
            message = f"no `&{event.anchor}` stands before this alias"
            help = f"write `&{event.anchor}` before what it repeats, above; if text is meant, quote it"
            return self._stop(event, "ARC008", message, help=help)
        node, expanded, height = self._anchors[event.anchor]
        if len(self._stack) + height > MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} deep", help=_TOO_DEEP)
        if not self._count(event, expanded):
            return False
        self._add(node, None, expanded, height)
        return True

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].items is None and self._stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent, span: Span) -> bool:
        if len(event.value) > MAX_SCALAR:
            message = f"a value of {len(event.value):,} characters; the limit is {MAX_SCALAR:,}"
            return self._stop(event, "ARC003", message, help="shorten it; if it was not meant, is a quote left open?")
        if event.style == '"' and _SURROGATE.search(event.value):  # only an escape can write one
            return self._stop(event, "ARC002", "an escape for half a character: U+D800 to U+DFFF stand for nothing")
        # A spec of many layers writes the same few words again and again: each is held once.
        text = intern(event.value)
        if self._wants_key():
            return self._key(event, ScalarNode(text, span))
        value = text if event.style else self._resolve(event, text)
        self._add(ScalarNode(value, span), event.anchor, 1, 0)
        return True

    def _key(self, event: yaml.ScalarEvent, key: ScalarNode) -> bool:
        level = self._stack[-1]
        if event.value == "<<" and not event.style:
            self._find(
                event, "ARC006", "merge keys are no part of archc/v1", help="write the fields out, or use `defaults:`"
            )
            level.merges = True
        elif event.value in level.keys:
            first = level.keys[event.value].span
            message = f"`{event.value}` stands twice; the first is on line {first.line}"
            help = "give the second another name, or delete one"
            self.findings.append(report(key.span, "ARC005", message, help=help, related=[(first, "first here")]))
            level.skip_value = True
        level.key = key
        return True

    def _resolve(self, event: yaml.ScalarEvent, text: str) -> Value:
        match = _PLAIN.match(text)
        kind = match.lastgroup if match else None
        if kind is None:
            return text
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "integer":
            if len(text.lstrip("+-0ox")) > MAX_INTEGER_DIGITS:
                message = f"an integer of {len(text)} digits; the limit is {MAX_INTEGER_DIGITS}"
                self._find(event, "ARC007", message, help="no field takes one so large: if text is meant, quote it")
                return None
            return int(text, base=0 if text.startswith(("0o", "0x")) else 10)
        if kind == "not_finite" or not math.isfinite(float(text)):
            message = f"`{text[:40]}` is not a finite number"
            self._find(event, "ARC007", message, help="write a number; if text is meant, quote it")
            return None
        return float(text)

    def _add(self, node: YamlNode, anchor: str | None, expanded: int, height: int) -> None:
        """Put a whole node where it belongs."""
        if anchor is not None:
            self._anchors[anchor] = (node, expanded, height)
        if not self._stack:
            self.root = node
            return
        level = self._stack[-1]
        level.expanded += expanded
        level.height = max(level.height, height + 1)
        if level.items is not None:
            level.items.append(node)
        else:
            _enter(level, node)


def _enter(level: _Open, node: YamlNode) -> None:
    """Give the waiting key of a mapping its value."""
    assert level.key is not None and isinstance(level.key.value, str)
    if level.merges and isinstance(node, MappingNode):
        # Reported already: its fields are taken so that nothing else is found to be missing.
        level.entries, level.keys = node.entries | level.entries, node.keys | level.keys
    elif not level.skip_value and not level.merges:
        level.entries[level.key.value] = node
        level.keys[level.key.value] = level.key
    level.key, level.skip_value, level.merges = None, False, False


def _shorthand(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
