"""Bytes to a tree of nodes with spans: YAML 1.2 core, without what makes one text mean two things.

Reads PyYAML's parse events with a stack of its own, so no nesting can exhaust the interpreter's. Every limit on
untrusted input lives here. What is wrong becomes a finding; nothing is raised for a bad text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from archc.diagnostics.finding import Finding, report
from archc.source import Source, Span

MAX_BYTES = 32 * 2**20
MAX_DEPTH = 64
MAX_NODES = 4_000_000
MAX_EXPANDED_NODES = 8_000_000
MAX_SCALAR = 4096
MAX_INTEGER_DIGITS = 18

_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_INTEGER = re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")

Value = None | bool | int | float | str


@dataclass(frozen=True)
class Scalar:
    """A single value, resolved by the YAML 1.2 core schema."""

    value: Value
    span: Span


@dataclass(frozen=True)
class Sequence:
    items: list[Node]
    span: Span


@dataclass(frozen=True)
class Mapping:
    """Keys are strings, each once; `keys` holds the scalar, and so the span, of each."""

    entries: dict[str, Node]
    keys: dict[str, Scalar]
    span: Span


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """The node as plain Python data. Recursion is bounded by MAX_DEPTH."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(value) for key, value in node.entries.items()}


def read(data: bytes, name: str) -> tuple[Node | None, list[Finding]]:
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
            report(Span(source, 0, 0), "ARC003", f"the text has {len(data):,} bytes; the limit is {MAX_BYTES:,}")
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
    return source, []


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
    return report(Span(source, at, end), "ARC004", f"not YAML: {error.problem or error.context}", related=related)


@dataclass
class _Open:
    """A collection whose end has not been read; a mapping holds the key that waits for its value."""

    start: int
    anchor: str | None
    items: list[Node] | None = None
    entries: dict[str, Node] = field(default_factory=dict[str, "Node"])
    keys: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    key: Scalar | None = None
    skip_value: bool = False
    merges: bool = False
    expanded: int = 1
    height: int = 1


class _Builder:
    """Takes events one by one; `accept` returns False once the rest of the text could only add noise."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.findings: list[Finding] = []
        # Where the last thing that is written ends: libyaml ends a block collection only at the next token.
        self.end = 0
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._documents = 0
        self._nodes = 0

    def accept(self, event: yaml.Event) -> bool:
        span = self._span(event)
        if span.end > span.start:
            self.end = span.end
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    return self._stop(event, "ARC006", "a spec is one document: a second one starts here")
            case yaml.AliasEvent():
                return self._alias(event)
            case yaml.ScalarEvent():
                return self._begin(event) and self._scalar(event)
            case yaml.SequenceStartEvent():
                return self._begin(event) and self._open(event, items=[])
            case yaml.MappingStartEvent():
                return self._begin(event) and self._open(event, items=None)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                return self._close(event)
            case _:
                return True
        return True

    def _span(self, event: yaml.Event) -> Span:
        assert event.start_mark is not None and event.end_mark is not None
        end = event.end_mark.index
        # A block scalar ends at the next token: the white space before that is not part of it.
        while end > event.start_mark.index and self.source.text[end - 1 : end].isspace():
            end -= 1
        return Span(self.source, event.start_mark.index, end)

    def _stop(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> bool:
        self.findings.append(report(self._span(event), code, message, help=help))
        return False

    def _find(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> None:
        self.findings.append(report(self._span(event), code, message, help=help))

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> bool:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            return self._stop(event, "ARC003", f"the spec has more than {MAX_NODES:,} nodes")
        if event.tag is not None:
            self._find(
                event, "ARC006", f"tags are no part of archc/v1: `{_shorthand(event.tag)}`", help="delete the tag"
            )
        return True

    def _open(self, event: yaml.CollectionStartEvent, items: list[Node] | None) -> bool:
        if len(self._stack) >= MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} deep")
        if self._wants_key():
            return self._stop(event, "ARC006", "a key must be a plain name, not a list or a mapping")
        self._stack.append(_Open(self._span(event).start, event.anchor, items=items))
        return True

    def _close(self, event: yaml.Event) -> bool:
        done = self._stack.pop()
        span = Span(self.source, done.start, max(self.end, done.start))
        node = Sequence(done.items, span) if done.items is not None else Mapping(done.entries, done.keys, span)
        return self._add(node, done.anchor, done.expanded, done.height) or self._expanded_too_far(event)

    def _alias(self, event: yaml.AliasEvent) -> bool:
        if self._wants_key():
            return self._stop(event, "ARC006", "a key must be a plain name, not an alias")
        if any(level.anchor == event.anchor for level in self._stack):
            return self._stop(event, "ARC008", f"`*{event.anchor}` stands inside what it repeats")
        if event.anchor not in self._anchors:
            return self._stop(event, "ARC008", f"no `&{event.anchor}` stands before this alias")
        node, expanded, height = self._anchors[event.anchor]
        if len(self._stack) + height > MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} deep")
        return self._add(node, None, expanded, height) or self._expanded_too_far(event)

    def _expanded_too_far(self, event: yaml.Event) -> bool:
        return self._stop(event, "ARC008", f"the aliases expand to more than {MAX_EXPANDED_NODES:,} nodes")

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].items is None and self._stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent) -> bool:
        span = self._span(event)
        if len(event.value) > MAX_SCALAR:
            return self._stop(
                event, "ARC003", f"a value of {len(event.value):,} characters; the limit is {MAX_SCALAR:,}"
            )
        if _SURROGATE.search(event.value):
            return self._stop(event, "ARC002", "an escape for half a character: U+D800 to U+DFFF stand for nothing")
        if self._wants_key():
            return self._key(event, Scalar(event.value, span))
        value = event.value if event.style else self._resolve(event, event.value)
        return self._add(Scalar(value, span), event.anchor, 1, 0)

    def _key(self, event: yaml.ScalarEvent, key: Scalar) -> bool:
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
        if _NULL.match(text):
            return None
        if _BOOL.match(text):
            return text.lower() == "true"
        if _INTEGER.match(text):
            if len(text.lstrip("+-0ox")) > MAX_INTEGER_DIGITS:
                self._find(event, "ARC007", f"an integer of {len(text)} digits; the limit is {MAX_INTEGER_DIGITS}")
                return None
            return int(text, base=0 if text.startswith(("0o", "0x")) else 10)
        if _NOT_FINITE.match(text) or (_FLOAT.match(text) and not math.isfinite(float(text))):
            self._find(event, "ARC007", f"`{text[:40]}` is not a finite number")
            return None
        return float(text) if _FLOAT.match(text) else text

    def _add(self, node: Node, anchor: str | None, expanded: int, height: int) -> bool:
        """Put a whole node where it belongs; False where the aliases in it expand beyond the limit."""
        if anchor is not None:
            self._anchors[anchor] = (node, expanded, height)
        if not self._stack:
            self.root = node
            return True
        level = self._stack[-1]
        level.expanded += expanded
        level.height = max(level.height, height + 1)
        if level.items is not None:
            level.items.append(node)
        else:
            _enter(level, node)
        return level.expanded <= MAX_EXPANDED_NODES


def _enter(level: _Open, node: Node) -> None:
    """Give the waiting key of a mapping its value."""
    assert level.key is not None and isinstance(level.key.value, str)
    if level.merges and isinstance(node, Mapping):
        # Reported already: its fields are taken so that nothing else is found to be missing.
        level.entries, level.keys = node.entries | level.entries, node.keys | level.keys
    elif not level.skip_value and not level.merges:
        level.entries[level.key.value] = node
        level.keys[level.key.value] = level.key
    level.key, level.skip_value, level.merges = None, False, False


def _shorthand(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
