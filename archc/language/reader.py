"""Reads the bytes of a spec into a tree of nodes with spans.

The syntax is the YAML 1.2 core schema without the features that different readers understand differently. Nodes are
built from PyYAML's parse events on a stack of our own, so that deep nesting cannot exhaust the interpreter's. All
limits on untrusted input are defined here. Mistakes in the text become findings, never exceptions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple

import yaml

from archc.diagnostics.finding import MAX_FINDINGS, Finding, report
from archc.language.decoding import decode
from archc.source import Source, Span

MARKER = rb"""["']?schema["']?[ \t]*:[ \t]*["']?archc/"""
"""The key and the beginning of the value that only specs have, as a pattern."""

# docs/limits.md gives the reason for each limit. A test compares its numbers with these.
MAX_BYTES = 8 * 2**20
MAX_ENTRIES = 100_000
MAX_DEPTH = 64
MAX_NODES = 1_000_000
MAX_SCALAR = 4096
# The most decimal digits that always fit in 64 bits.
MAX_INTEGER_DIGITS = 18

# The core schema of YAML 1.2 (section 10.3.2). PyYAML's own resolver follows YAML 1.1, in which `no` is false, `010` is
# eight and `1e-4` is a string.
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
# Half of a UTF-16 pair: not a character, and UTF-8 cannot encode it.
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOO_DEEP = "check for an unclosed bracket: fields of archc/v1 nest at most 5 levels deep"
_TOO_MUCH = "describe a smaller network; docs/limits.md explains each limit"
_NOT_A_NAME = "write the key as a name, or put it in quotes if it is text"

Value = None | bool | int | float | str


class ScalarNode(NamedTuple):
    """A single value, with its type resolved by the YAML 1.2 core schema."""

    value: Value
    span: Span


class SequenceNode(NamedTuple):
    items: list[YamlNode]
    span: Span


class MappingNode(NamedTuple):
    """A mapping with string keys: `keys` has the scalar of each, `repeated` those that repeat one without a value."""

    entries: dict[str, YamlNode]
    keys: dict[str, ScalarNode]
    span: Span
    repeated: tuple[ScalarNode, ...] = ()


YamlNode = ScalarNode | SequenceNode | MappingNode


def plain(node: YamlNode) -> object:
    """The node as plain Python data."""
    # The recursion is at most MAX_DEPTH deep.
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [plain(item) for item in node.items]
        case MappingNode():
            return {key: plain(value) for key, value in node.entries.items()}


def is_bare(node: YamlNode) -> bool:
    """Whether a value is left out, as behind a key without a colon."""
    return isinstance(node, ScalarNode) and node.value is None and node.span.start == node.span.end


def read(
    data: bytes, name: str, *, kind: str = "spec", schema: str = "archc/v1"
) -> tuple[YamlNode | None, list[Finding]]:
    """The root node of the text in `data`, and the findings in the text, reported under `name`.

    Findings call the file a `kind`, which begins with its `schema`.

    The root is None if a mistake makes the rest of the text ambiguous. Otherwise the root is usable in spite of the
    findings: a duplicate key has its first value, and an unsupported number is null.
    """
    if len(data) > MAX_BYTES:
        message = f"the {kind} is larger than the limit of {MAX_BYTES:,} bytes"
        return None, [report(Span(Source(name, ""), 0, 0), "ARC003", message, help=_TOO_MUCH)]
    source, findings = decode(data, name, kind)
    if findings:
        return None, findings
    builder = _Builder(source)
    try:
        for event in _events(source.text):
            if not builder.accept(event):
                return None, builder.findings
    except yaml.MarkedYAMLError as error:
        from archc.language.mistakes.syntax import syntax_finding  # only for a mistake, for the time of start-up

        return None, [*builder.findings, syntax_finding(source, error, builder.end)]
    if builder.root is None:
        help = f"begin with `schema: {schema}`"
        return None, [report(Span(source, 0, 0), "ARC004", f"the {kind} is empty", help=help)]
    return builder.root, builder.findings


def _events(text: str) -> Iterator[yaml.Event]:
    # libyaml is the faster parser, but PyYAML can be installed without it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except (ValueError, OverflowError) as error:
        # PyYAML passes escapes, tags and versions to chr(), decode() and int() unchecked. If one is out of range, these
        # fail without a position.
        raise yaml.MarkedYAMLError(problem=str(error)) from error


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read yet: a sequence if `items` is a list, else a mapping.

    `key` is the key whose value comes next, and `merged` are the keys that only a merge key gives: the mapping's own
    keys override them. `expanded` is the number of values inside, with aliases followed, and `height` the levels of
    nesting. Both are kept up to date so that an alias needs no walk over what it repeats.
    """

    start: int
    anchor: str | None
    items: list[YamlNode] | None = None
    entries: dict[str, YamlNode] = field(default_factory=dict[str, "YamlNode"])
    keys: dict[str, ScalarNode] = field(default_factory=dict[str, ScalarNode])
    key: ScalarNode | None = None
    skip_value: bool = False
    merges: bool = False
    merged: set[str] = field(default_factory=set[str])
    repeated: list[ScalarNode] = field(default_factory=list["ScalarNode"])
    expanded: int = 1
    height: int = 1

    @property
    def count(self) -> int:
        return len(self.entries if self.items is None else self.items)


class _Builder:
    """Builds nodes from parse events. `accept` returns False once the rest of the text cannot be understood."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: YamlNode | None = None
        self.findings: list[Finding] = []
        # The end of the last event with any text. libyaml ends a block collection only at the token after it, behind
        # comments and blank lines; this is where its text ends.
        self.end = 0
        self._stack: list[_Open] = []
        # By name: the node that the anchor marks, the number of values in it, and its height.
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
                    message = "a spec is a single YAML document; a second one starts here"
                    return self._stop(event, "ARC006", message, help="write each spec in a file of its own")
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
        # libyaml extends a block scalar up to the next token, over blank lines and indentation that are not part of it.
        while end > start and self.source.text[end - 1].isspace():
            end -= 1
        return Span(self.source, start, end)

    def _stop(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> bool:
        self._find(event, code, message, help)
        return False

    def _find(self, event: yaml.Event, code: str, message: str, help: str | None = None) -> None:
        self.findings.append(report(self._span(event), code, message, help=help))

    def _count(self, event: yaml.Event, values: int) -> bool:
        """Whether the limits allow `values` more values, and one more entry in the open collection."""
        # An alias is counted before any code walks the tree: a few lines of nested aliases can expand to billions of
        # values ("billion laughs").
        self._nodes += values
        if self._nodes > MAX_NODES:
            message = f"more than {MAX_NODES:,} values; an alias counts as all the values that it repeats"
            return self._stop(event, "ARC003", message, help=_TOO_MUCH)
        if self._stack and self._stack[-1].count >= MAX_ENTRIES:
            message = f"more than {MAX_ENTRIES:,} entries in one mapping or list"
            return self._stop(event, "ARC003", message, help=_TOO_MUCH)
        return True

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> bool:
        if not self._count(event, 1) or len(self.findings) > MAX_FINDINGS:
            return False
        if event.tag is not None:
            self._find(event, "ARC006", f"unsupported tag `{_shorthand(event.tag)}`", help="delete the tag")
        return True

    def _open(self, event: yaml.CollectionStartEvent, span: Span, items: list[YamlNode] | None) -> bool:
        if len(self._stack) >= MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} levels deep", help=_TOO_DEEP)
        if self._wants_key():
            from archc.language.mistakes.syntax import braced  # only for a mistake, for the time of start-up

            help = braced(self.source, self._span(event).start) or _NOT_A_NAME
            return self._stop(event, "ARC006", "a key must be a name, not a list or a mapping", help=help)
        self._stack.append(_Open(span.start, event.anchor, items=items))
        return True

    def _close(self) -> None:
        done = self._stack.pop()
        span = Span(self.source, done.start, max(self.end, done.start))
        node = (
            SequenceNode(done.items, span)
            if done.items is not None
            else MappingNode(done.entries, done.keys, span, tuple(done.repeated))
        )
        self._add(node, done.anchor, done.expanded, done.height)

    def _alias(self, event: yaml.AliasEvent) -> bool:
        if self._wants_key():
            return self._stop(event, "ARC006", "a key must be a name, not an alias", help=_NOT_A_NAME)
        name = (event.anchor or "")[:64]
        if any(level.anchor == event.anchor for level in self._stack):
            message = f"the alias `*{name}` is inside the value that it repeats"
            return self._stop(event, "ARC008", message, help="write the value out instead of the alias")
        if event.anchor not in self._anchors:
            message = f"unknown alias `*{name}`: no anchor `&{name}` comes before it"
            help = f"write `&{name}` before the value to repeat, or put `*{name}` in quotes if it is text"
            return self._stop(event, "ARC008", message, help=help)
        node, expanded, height = self._anchors[event.anchor]
        if len(self._stack) + height > MAX_DEPTH:
            return self._stop(event, "ARC003", f"nested more than {MAX_DEPTH} levels deep", help=_TOO_DEEP)
        if not self._count(event, expanded):
            return False
        self._add(node, None, expanded, height)
        return True

    def _wants_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].items is None and self._stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent, span: Span) -> bool:
        if len(event.value) > MAX_SCALAR:
            what = "key" if self._wants_key() else "value"
            message = f"the {what} has {len(event.value):,} characters; the limit is {MAX_SCALAR:,}"
            return self._stop(event, "ARC003", message, help="shorten it, or close a quote that was left open")
        # Only an escape can produce a surrogate: decoding the text has rejected any other.
        if event.style == '"' and _SURROGATE.search(event.value):
            message = "the string contains an escape from U+D800 to U+DFFF, which is not a character"
            return self._stop(event, "ARC002", message, help="delete the escape")
        # A large spec repeats the same few words in every layer. Interning keeps one copy of each in memory.
        text = intern(event.value)
        if self._wants_key():
            return self._key(event, ScalarNode(text, span))
        # `style` is None for a plain scalar. A quoted or block scalar is always a string.
        value = text if event.style else self._resolve(event, text)
        self._add(ScalarNode(value, span), event.anchor, 1, 0)
        return True

    def _key(self, event: yaml.ScalarEvent, key: ScalarNode) -> bool:
        level = self._stack[-1]
        if event.value == "<<" and not event.style:
            self._find(event, "ARC006", "unsupported merge key `<<`", help="write the fields out, or use `defaults:`")
            level.merges = True
        elif event.value in level.merged:
            level.merged.remove(event.value)
        elif event.value in level.keys:
            first = level.keys[event.value].span
            message = f"duplicate key `{event.value}`; first defined on line {first.line}"
            help = "rename the second key, or delete one of the two"
            related = [(first, "first defined here")]
            self.findings.append(report(key.span, "ARC005", message, help=help, related=related))
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
            digits = len(text.lstrip("+-0ox"))
            if digits > MAX_INTEGER_DIGITS:
                message = f"the integer has {digits:,} digits; the limit is {MAX_INTEGER_DIGITS}"
                self._find(event, "ARC007", message, help="write a smaller number, or quote it if it is text")
                return None
            # Base 0 would reject leading zeros, but YAML 1.2 reads `010` as ten.
            return int(text, base=0 if text.startswith(("0o", "0x")) else 10)
        if kind == "not_finite" or not math.isfinite(float(text)):
            message = f"`{text[:40]}` is not a finite number"
            self._find(event, "ARC007", message, help="write a finite number, or quote it if it is text")
            return None
        return float(text)

    def _add(self, node: YamlNode, anchor: str | None, expanded: int, height: int) -> None:
        """Enter a complete node in the open collection, or make it the root."""
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
    """Enter the value of a mapping's current key."""
    assert level.key is not None and isinstance(level.key.value, str)
    if level.merges:
        # The merge key is reported already. Its fields are still entered, so that none of them is reported as missing.
        for mapping in node.items if isinstance(node, SequenceNode) else [node]:
            _merge(level, mapping)
    elif not level.skip_value:
        level.entries[level.key.value] = node
        level.keys[level.key.value] = level.key
    elif is_bare(node):
        level.repeated.append(level.key)
    level.key, level.skip_value, level.merges = None, False, False


def _merge(level: _Open, mapping: YamlNode) -> None:
    """Enter the entries of a mapping whose keys are not in the open one."""
    if not isinstance(mapping, MappingNode):
        return
    for name, key in mapping.keys.items():
        if name not in level.keys:
            level.entries[name], level.keys[name] = mapping.entries[name], key
            level.merged.add(name)


def _shorthand(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
