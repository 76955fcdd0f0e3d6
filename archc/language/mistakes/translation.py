"""A layer or its defaults in the words of another framework, as fields of archc's op, with a finding for each change.

What is left is validated like any other layer, so that one run reports all mistakes in it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, cast

from archc.diagnostics.finding import Edit, Finding, replacement, report, respelling
from archc.language.fields import Place, field_names
from archc.language.mistakes.edits import added_fields, deletion, entry
from archc.language.mistakes.unknown_fields import unknown_field
from archc.language.mistakes.vocabulary import folded, synonyms
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, Value, YamlNode, plain
from archc.ops.foreign import Conversion, Converted, spelled
from archc.ops.op import Op, name_of
from archc.source import Span

_MOST_NOTES = 8
_TO_WRITE = re.compile(r"(?P<verb>write|did you mean) `(?P<text>[^`]+)`(?P<mark>\??)\Z")
_FLOAT = re.compile("[.eE]")


@dataclass
class Translation:
    """The fields by their own names, and the findings.

    `is_certain` is False if the network may be another one than the author meant. `op_fix` are the edits that the name
    of the op changes with, and `op_notes` and `op_words` the arithmetic and the fields to write for them; `op_fix` is
    None if they are not certain.
    """

    nodes: dict[str, YamlNode] = field(default_factory=dict[str, YamlNode])
    keys: dict[str, ScalarNode] = field(default_factory=dict[str, ScalarNode])
    findings: list[Finding] = field(default_factory=list[Finding])
    is_certain: bool = True
    op_fix: list[Edit] | None = field(default_factory=list[Edit])
    op_notes: list[str] = field(default_factory=list[str])
    op_words: list[str] = field(default_factory=list[str])

    def mapping(self, span: Span) -> MappingNode:
        return MappingNode(self.nodes, self.keys, span)


def translate(written: str, place: Place) -> Translation:
    """The fields of a mapping as those of the op at a place, whose name is written as `written`."""
    op, body = place.model, place.mapping
    assert issubclass(op, Op)
    own = [*place.allowed, *place.also]
    if _converted(op).isdisjoint(body.entries) and body.entries.keys() <= set(own) and written == name_of(op):
        return Translation(dict(body.entries), dict(body.keys))
    done = Translation()
    keys = {folded(key): key for key in body.entries}
    consumed: set[str] = set()
    unread: set[str] = set()
    is_foreign = written != name_of(op)
    for each in _conversions(op):
        found = _apply(each, written, body, keys)
        if found is not None:
            found = _with_others(found, each, place, keys)
            if not found.fields:
                unread.update(keys[read] for read in each.reads if read in keys)
            consumed.update(found.fields)
            keys = {word: key for word, key in keys.items() if key not in found.fields}
            of_op = is_foreign and (each.names or any(to and key == to[0] for key, to in found.fields.items()))
            _convert(found, place, done, of_op=bool(of_op))
    for name, node in body.entries.items():
        if name in consumed:
            continue
        meant: str | None = name
        if name not in own:
            explained = unknown_field(name, place)
            meant = explained.own
            # A second word for a field must not become a second field of the same name.
            is_second = meant is not None and (meant in done.nodes or meant in body.entries)
            finding = explained.finding._replace(fix=()) if is_second or name in unread else explained.finding
            done.findings.append(finding)
            done.is_certain &= explained.certain and not is_second
            meant = None if is_second else meant
        if meant is not None:
            done.nodes[meant], done.keys[meant] = node, body.keys[name]
    return done


def without_repeats(found: list[Finding], wrong: list[Finding], done: Translation) -> list[Finding]:
    """The findings of a translation and those on its values; both of a renamed field with a wrong value become one."""
    values = Counter(finding.span for finding in wrong)
    by_key = {done.keys[own].span: (own, done.nodes[own].span) for own in done.nodes if done.keys[own].value != own}
    told: set[Span] = set()
    merged: list[Finding] = []
    for finding in found:
        own, span = by_key.get(finding.span, ("", finding.span))
        if finding.code == "ARC101" and own and values[span] == 1:
            (value,) = (each for each in wrong if each.span == span)
            finding = _merged(finding, value, own)
            told.add(span)
        merged.append(finding)
    return [*merged, *(finding for finding in wrong if finding.span not in told)]


def _merged(finding: Finding, value: Finding, own: str) -> Finding:
    """One finding for a renamed field and its wrong value, whose fix mends both."""
    help = f"{finding.help} {value.help}" if value.help else finding.help
    if to_write := _TO_WRITE.match(value.help or ""):
        help = f"{to_write['verb']} `{own}: {to_write['text'].removeprefix(f'{own}: ')}`{to_write['mark']}"
    fix = (*finding.fix, *value.fix) if finding.fix and value.fix else ()
    return finding._replace(help=help, notes=(*finding.notes, value.message, *value.notes), fix=fix)


class _Reads(NamedTuple):
    """A conversion with its words folded."""

    conversion: Conversion
    reads: tuple[str, ...]
    names: frozenset[str]


@cache
def _conversions(op: type[Op]) -> tuple[_Reads, ...]:
    """Those of the class, then those of its bases."""
    declared: list[Conversion] = [each for base in op.__mro__ for each in vars(base).get("conversions", ())]
    return tuple(_Reads(c, tuple(map(folded, c.reads)), frozenset(map(folded, c.names))) for c in declared)


@cache
def _converted(op: type[Op]) -> frozenset[str]:
    """The fields of an op whose values are also read in other forms."""
    own = field_names(op)
    return frozenset(each.reads[0] for each in (c.conversion for c in _conversions(op)) if each.reads[0] in own)


def _apply(each: _Reads, written: str, body: MappingNode, keys: dict[str, str]) -> Converted | None:
    """What a conversion makes of a layer, by the fields as they are written; None if it does not apply.

    `keys` are those that no other conversion has taken, by the folded word.
    """
    if each.reads[0] not in keys or (each.names and folded(written) not in each.names):
        return None
    names = {read: keys[word] for read, word in zip(each.conversion.reads, each.reads, strict=True) if word in keys}
    values = {key: _read(plain(body.entries[key])) for key in names.values()}
    found = each.conversion.convert({read: values[key] for read, key in names.items()})
    if found is None:
        # What another framework means by a value that cannot be read must not be lost with the name of its op.
        trigger = f"{each.conversion.reads[0]}: {spelled(values[keys[each.reads[0]]])[:64]}"
        note = f"under another name of the op, `{trigger}` can mean something else"
        return Converted({}, (note,), certain=False) if each.names else None
    fields = {names[read]: to for read, to in found.fields.items() if read in names}
    if fields and all(to == (key, values[key]) for key, to in fields.items()):
        return None
    taken = [to[0] for to in fields.values() if to and to[0] in body.entries and to[0] not in fields]
    return found._replace(fields=fields, certain=found.certain and not taken)


def _with_others(found: Converted, each: _Reads, place: Place, keys: dict[str, str]) -> Converted:
    """A conversion that is not certain if the defaults, or layers that inherit this, give one of its fields too."""
    reads = each.conversion.reads
    if len(reads) == 1 or not found.fields:
        return found
    own = {read: _read(plain(place.mapping.entries[keys[word]])) for read, word in _written(each, keys)}
    targets = {to[0] for to in found.fields.values() if to}
    notes, also, certain = list(found.notes), dict(found.also), found.certain
    for what, other in place.others():
        for word, node in other.entries.items():
            meant = {folded(word), *synonyms(word, place.allowed)[:1]}
            read = next((read for read, plain_word in zip(reads, each.reads, strict=True) if plain_word in meant), None)
            # A layer's own field overrides that of the defaults.
            if place.insert is not None and (read is None or read in own):
                continue
            if read is None and meant.isdisjoint(targets):
                continue
            certain = False
            value = _read(plain(node))
            changed = each.conversion.convert({**own, read: value}) if read else None
            to = changed.fields.get(read) if changed and read else None
            if to and len(notes) < _MOST_NOTES:
                notes.append(f"`{word}: {spelled(value)}` in {what} is `{to[0]}: {spelled(to[1])}` then")
            if to and place.insert is not None:
                also[to[0]] = to[1]
            elif to:
                also.pop(to[0], None)
    return found._replace(notes=tuple(notes), also=also, certain=certain)


def _written(each: _Reads, keys: dict[str, str]) -> list[tuple[str, str]]:
    return [(read, word) for read, word in zip(each.conversion.reads, each.reads, strict=True) if word in keys]


def _read(value: object) -> object:
    """A value with the numbers in it that are in quotes, or written in another form with one meaning."""
    match value:
        case list():
            return [_read(part) for part in cast(list[object], value)]
        case dict():
            return {key: _read(part) for key, part in cast(dict[str, object], value).items()}
        case str() if not value.endswith("%"):  # a percentage is shown as it is written
            from archc.language.mistakes.meant_values import meant  # few specs need it, for the time of start-up

            text = meant(value, "float_type", None, "").text or meant(value, "bool_type", None, "").text
            if text is None:
                return value
            return text == "true" if text in ("true", "false") else float(text) if _FLOAT.search(text) else int(text)
        case _:
            return value


def _convert(found: Converted, place: Place, done: Translation, *, of_op: bool) -> None:
    """Add the own fields, and the finding, or what the finding on the op's name says of them."""
    body = place.mapping
    edits: list[Edit] = []
    is_exact = found.certain
    for key, to in found.fields.items():
        changes = _edits(body, key, to)
        is_exact = is_exact and changes is not None
        edits += changes or []
        if to is not None and (to[0] == key or to[0] not in body.entries):
            done.nodes[to[0]] = as_node(to[1], body.entries[key].span)
            done.keys[to[0]] = ScalarNode(to[0], body.keys[key].span)
    if found.also and is_exact:
        added = added_fields(body, [f"{own}: {spelled(value)}" for own, value in found.also.items()])
        edits += added
        is_exact = bool(added)
        for own, value in found.also.items():
            at = body.keys[next(iter(found.fields))].span
            done.nodes[own], done.keys[own] = as_node(value, at), ScalarNode(own, at)
    meant = [*(to for to in found.fields.values() if to is not None), *found.also.items()]
    words = [f"{own}: {spelled(value)}" for own, value in meant]
    done.is_certain &= found.certain
    if of_op:
        done.op_fix = [*done.op_fix, *edits] if is_exact and done.op_fix is not None else None
        done.op_notes += found.notes
        done.op_words += words
        return
    first = next(iter(found.fields))
    at, code, message = body.keys[first].span, "ARC101", f"unknown field `{first[:64]}` in {place.what}"
    if first in place.allowed:
        at, code = body.entries[first].span, "ARC105"
        message = f"`{first}` cannot be `{spelled(plain(body.entries[first]))[:64]}`"
    text = f"`{', '.join(words)}`"
    help, fix = f"write {text}" if is_exact else f"did you mean {text}?", edits if is_exact else []
    if found.help:
        help, fix = found.help, []
    done.findings.append(report(at, code, message, notes=found.notes, help=help, fix=fix))


def _edits(body: MappingNode, key: str, to: tuple[str, object] | None) -> list[Edit] | None:
    """The edits that rename a field and change its value; None if they cannot be made."""
    if to is None:
        return [*deletion(body, key)] or None
    own, value = to
    if entry(body, key) is None:
        return None
    edits: list[Edit] = []
    if key != own:
        edits += respelling(body.keys[key].span, own)
        if not edits:
            return None
    if repr(plain(body.entries[key])) != repr(value):  # to Python, 1 is 1.0 and true
        changed = replacement(body.entries[key].span, spelled(value))
        return [*edits, *changed] if changed else None
    return edits


def as_node(value: object, span: Span) -> YamlNode:
    """A value as a node, all of which is at one place."""
    match value:
        case dict():
            parts = cast(dict[str, object], value)
            entries = {key: as_node(part, span) for key, part in parts.items()}
            return MappingNode(entries, {key: ScalarNode(key, span) for key in entries}, span)
        case list():
            return SequenceNode([as_node(part, span) for part in cast(list[object], value)], span)
        case _:
            scalar: Value = value if isinstance(value, bool | int | float | str) else None
            return ScalarNode(scalar, span)
