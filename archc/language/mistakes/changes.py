"""Changes that are not written as changes: which verb, field or layer is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.mistakes.edits import inline
from archc.language.mistakes.vocabulary import did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.ops import ops
from archc.wording import joined

if TYPE_CHECKING:
    from archc.language.variants.changes import Change, Verb

_FORMS = {
    "set": "{set: layers.fc6.units, to: 2048}",
    "replace": "{replace: {op: relu}, with: {op: tanh}}",
    "remove": "{remove: norm1}",
    "insert": "{insert: {relu9: {op: relu}}, after: pool5}",
}
_BESIDE = {"set": ("to",), "replace": ("with",), "remove": (), "insert": ("after", "before")}
_OTHER_WORDS = {
    "remove": ("delete", "del", "drop", "omit", "without", "disable"),
    "insert": ("add", "append", "prepend", "new"),
    "set": ("update", "change", "edit", "modify", "override", "assign", "path", "value"),
    "replace": ("retype", "swap", "substitute", "convert", "rename"),
}
_LONGEST = 60


def not_changes(section: YamlNode) -> Finding:
    """The finding for a `change:` that is not a list."""
    is_one = isinstance(section, MappingNode) and not section.entries.keys().isdisjoint(_FORMS)
    text = inline(section) if is_one else None
    right = f"[{text}]" if text and len(text) <= _LONGEST else None
    help = f"write `change: {right or '[{remove: norm1}]'}`"
    fix = replacement(section.span, right) if right else ()
    return report(section.span, "ARC104", "`change` must be a list of changes", help=help, fix=fix)


def not_a_change(item: YamlNode, verbs: list[Verb]) -> Finding:
    """The finding for an item that is not a change, or has a field that its verb does not take."""
    if not isinstance(item, MappingNode) or not item.entries:
        help = f"write `{_FORMS['set']}` or `{_FORMS['remove']}`"
        return report(item.span, "ARC104", "a change must be a mapping", help=help)
    if len(verbs) > 1:
        message = f"a change has {joined([f'`{verb}`' for verb in verbs])}: it takes one"
        return report(item.keys[verbs[1]].span, "ARC105", message, help="write one change for each")
    if not verbs:
        word = next(iter(item.entries))
        meant = next((verb for verb, words in _OTHER_WORDS.items() if word.lower() in words), None)
        meant = meant or nearest(word, _FORMS, named=True)
        help = f"write it as `{_FORMS[meant]}`" if meant else f"use one of {joined([f'`{verb}`' for verb in _FORMS], 'or')}"
        return report(item.keys[word].span, "ARC101", f"unknown field `{word[:64]}` in a change", help=help)
    (verb,) = verbs
    known = (verb, *_BESIDE[verb])
    word = next(key for key in item.entries if key not in known)
    others = {"by": "with", "with": "to", "to": "with", "value": "to", "as": "to"}
    meant = others.get(word.lower()) if verb in ("set", "replace") else None
    if meant in known and meant not in item.entries:
        fix = replacement(item.keys[word].span, meant)
        help = f"write `{_FORMS[verb]}`"
    else:
        fix, help = (), did_you_mean(word, known, what="fields", section=True)
    return report(item.keys[word].span, "ARC101", f"unknown field `{word[:64]}` beside `{verb}`", help=help, fix=fix)


def incomplete(item: MappingNode, verb: Verb, given: list[str]) -> Finding:
    """The finding for a change without what its verb needs, or with too much of it."""
    words = _BESIDE[verb]
    if given:
        message = f"`{verb}` has {joined([f'`{word}`' for word in given])}: it takes one"
        help = f"keep {joined([f'`{word}`' for word in given], 'or')}"
        return report(item.keys[given[1]].span, "ARC105", message, help=help)
    message = f"`{verb}` needs {joined([f'`{word}`' for word in words], 'or')}"
    return report(item.keys[verb].span, "ARC103", message, help=f"write `{_FORMS[verb]}`")


def not_a_body(change: Change) -> Finding:
    """The finding for a layer that is to be replaced by what is not a layer."""
    assert isinstance(change.value, ScalarNode)
    word = change.value.value
    if isinstance(word, str) and word in ops():
        help = f"write `with: {{op: {word}}}`"
        fix = replacement(change.value.span, f"{{op: {word}}}")
    else:
        help, fix = f"write `{_FORMS['replace']}`; a value is changed by `{_FORMS['set']}`", ()
    return report(change.value.span, "ARC104", "`with` must be a layer", help=help, fix=fix)


def not_insertable(change: Change, taken: list[ScalarNode], *, is_list: bool, several: bool) -> Finding:
    """The finding for layers that cannot be inserted where they are to be."""
    new = change.value
    side = "after" if change.after else "before"
    if several:
        message = f"`{side}` takes one layer"
        return report(change.target.span, "ARC104", message, help=f"write one `insert` for each, such as `{side}: pool5`")
    if taken:
        name = str(taken[0].value)
        message = f"`{name}` is already the name of a layer"
        return report(taken[0].span, "ARC106", message, help=f"rename it, or write `{{replace: {name}, with: …}}`")
    assert new is not None
    if is_list and not isinstance(new, SequenceNode):
        help = "write `insert: [{op: relu}]`"
        return report(new.span, "ARC104", "the layers beside it are a list: `insert` must be one, too", help=help)
    help = f"write `{_FORMS['insert']}`"
    return report(new.span, "ARC104", "`insert` must be a mapping of names to layers", help=help)
