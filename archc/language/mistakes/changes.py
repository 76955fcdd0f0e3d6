"""Changes that are not written as changes: which verb, field or layer is meant."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.mistakes.edits import inline
from archc.language.mistakes.vocabulary import did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.change import Change
from archc.language.variants.words import A_LAYER, EXAMPLES, FORMS, OTHER_WORDS, Verb
from archc.ops import ops
from archc.wording import joined

_LONGEST = 60


def not_changes(section: YamlNode) -> Finding:
    """The finding for a `change:` that is not a list."""
    is_one = isinstance(section, MappingNode) and not section.entries.keys().isdisjoint(EXAMPLES)
    text = inline(section) if is_one else None
    right = f"[{text}]" if text and len(text) <= _LONGEST else None
    help = f"write `change: {right or '[{remove: norm1}]'}`"
    fix = replacement(section.span, right) if right else ()
    return report(section.span, "ARC104", "`change` must be a list of changes", help=help, fix=fix)


def not_a_change(item: YamlNode, verbs: list[Verb]) -> Finding:
    """The finding for an item that is not a change, or has a field that its verb does not take."""
    if not isinstance(item, MappingNode) or not item.entries:
        help = f"write `{EXAMPLES['set']}` or `{EXAMPLES['remove']}`"
        return report(item.span, "ARC104", "a change must be a mapping", help=help)
    if len(verbs) > 1:
        message = f"a change has {joined([f'`{verb}`' for verb in verbs])}: it takes one"
        return report(item.keys[verbs[1]].span, "ARC105", message, help="write one change for each")
    if not verbs:
        word = next(iter(item.entries))
        meant: Verb | None = next((verb for verb, words in OTHER_WORDS.items() if word.lower() in words), None)
        close = nearest(word, EXAMPLES, named=True)
        meant = meant or next((verb for verb in EXAMPLES if verb == close), None)
        help = f"use one of {joined([f'`{verb}`' for verb in EXAMPLES], 'or')}"
        if meant is not None:
            help = f"write it as `{EXAMPLES[meant]}`"
        return report(item.keys[word].span, "ARC101", f"unknown field `{word[:64]}` in a change", help=help)
    (verb,) = verbs
    known = (verb, *FORMS[verb])
    word = next(key for key in item.entries if key not in known)
    others = {"by": "with", "with": "to", "to": "with", "value": "to", "as": "to"}
    right = others.get(word.lower())
    if right in known and right not in item.entries:
        fix = replacement(item.keys[word].span, right)
        help = f"write `{EXAMPLES[verb]}`"
    else:
        fix, help = (), did_you_mean(word, known, what="fields", section=True)
    return report(item.keys[word].span, "ARC101", f"unknown field `{word[:64]}` beside `{verb}`", help=help, fix=fix)


def incomplete(item: MappingNode, verb: Verb, given: list[str]) -> Finding:
    """The finding for a change without what its verb needs, or with too much of it."""
    words = FORMS[verb]
    if given:
        message = f"`{verb}` has {joined([f'`{word}`' for word in given])}: it takes one"
        help = f"keep {joined([f'`{word}`' for word in given], 'or')}"
        return report(item.keys[given[1]].span, "ARC105", message, help=help)
    message = f"`{verb}` needs {joined([f'`{word}`' for word in words], 'or')}"
    return report(item.keys[verb].span, "ARC103", message, help=f"write `{EXAMPLES[verb]}`")


def not_a_body(change: Change) -> Finding:
    """The finding for a layer that is to be replaced by what is not a layer."""
    assert isinstance(change.value, ScalarNode)
    word = change.value.value
    if isinstance(word, str) and word in ops():
        help = f"write `with: {{op: {word}}}`"
        fix = replacement(change.value.span, f"{{op: {word}}}")
    else:
        help, fix = f"write `{EXAMPLES['replace']}`; a value is changed by `{EXAMPLES['set']}`", ()
    return report(change.value.span, "ARC104", "`with` must be a layer", help=help, fix=fix)


def not_insertable(change: Change, taken: list[ScalarNode], *, is_list: bool, several: bool) -> Finding:
    """The finding for layers that cannot be inserted where they are to be."""
    new = change.value
    side = "after" if change.after else "before"
    if several:
        message = f"`{side}` takes one layer"
        return report(
            change.target.span, "ARC104", message, help=f"write one `insert` for each, such as `{side}: pool5`"
        )
    if taken:
        name = str(taken[0].value)
        message = f"`{name}` is already the name of a layer"
        return report(taken[0].span, "ARC106", message, help=f"rename it, or write `{{replace: {name}, with: …}}`")
    assert new is not None
    if is_list and not isinstance(new, SequenceNode):
        help = f"write `insert: [{A_LAYER}]`"
        return report(new.span, "ARC104", "the layers beside it are a list: `insert` must be one, too", help=help)
    help = f"write `{EXAMPLES['insert']}`"
    return report(new.span, "ARC104", "`insert` must be a mapping of names to layers", help=help)
