"""Explains a field that an op or a section does not have: another word for one, a needless one, or a layer apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from pydantic import BaseModel

from archc.diagnostics.finding import Edit, Finding, report, respelling
from archc.language.fields import Place, declared, model_at, template
from archc.language.mistakes.claimed_sizes import claimed
from archc.language.mistakes.edits import deletion, inline, rewriting
from archc.language.mistakes.usual import usual_values
from archc.language.mistakes.vocabulary import absence, certain, did_you_mean, folded, is_section, nearest, synonyms
from archc.language.reader import MappingNode, ScalarNode, plain
from archc.ops import ops
from archc.ops.foreign import Needless, spelled
from archc.ops.op import Op, name_of
from archc.source import Span
from archc.wording import listed

# In a mapping with more keys, renaming one is not tried: comparing each with all others takes quadratic time.
_MOST_SIBLINGS = 100

_COMMENT = re.compile(r"\s#")
_ACTIVATIONS = "activation act activationfn actfn activationfunction nonlinearity nonlinear".split()
_NORMALISATIONS = "norm normalization normalizer normalizerfn normtype".split()
_NONE = "linear none identity null id".split()
_PREFIXES = "use with has apply do".split()


class Explained(NamedTuple):
    """The finding, the field that is meant, if any, and whether the rest is as good as without this one."""

    finding: Finding
    own: str | None
    certain: bool


def renaming(
    word: str, span: Span, allowed: Iterable[str], siblings: Collection[str], *, section: bool = False
) -> tuple[Edit, ...]:
    """The edit that gives a key the name that it must mean, unless a sibling has that name or means it too."""
    allowed = list(allowed)
    right = certain(word, allowed, section=section)
    if right is None or len(siblings) > _MOST_SIBLINGS:
        return ()
    meaning_it = [key for key in siblings if certain(key, allowed, section=section) == right]
    return respelling(span, right) if meaning_it == [word] else ()


def unknown_field(word: str, place: Place) -> Explained:
    """What to do about a field that the model at a place does not have."""
    explained = _explained(word, place)
    if word not in place.doubts:
        return explained
    finding = explained.finding._replace(help=place.doubts[word], fix=())
    return explained._replace(finding=finding, certain=explained.certain and not explained.finding.fix)


def _explained(word: str, place: Place) -> Explained:
    allowed = place.allowed
    if "op" in place.mapping.entries and synonyms(word, ["op"]):
        # A second word for the op, or another framework's field of that name.
        return _needless(word, place) or _found(word, place, f"delete `{word[:64]}`: `op` names the op")
    # What the op itself says of a word counts before what it means elsewhere: `affine` is also an op `scale`.
    known = synonyms(word, allowed, section=is_section(place.model)) or synonyms(word, place.also)
    if help := claimed(word, place):
        return _found(word, place, help, certain=True)
    if known and not is_needless(word, place.model):
        return _renamed(word, place, allowed)
    for explanation in (_needless, _own_layer, _lacking, _nested):
        if explained := explanation(word, place):
            return explained
    return _renamed(word, place, allowed)


def _found(
    word: str, place: Place, help: str, fix: Iterable[Edit] = (), *, own: str | None = None, certain: bool | None = None
) -> Explained:
    key = place.mapping.keys[word].span if word in place.mapping.keys else place.mapping.span
    fix = tuple(fix)
    message = f"unknown field `{word[:64]}` in {place.what}"
    return Explained(report(key, "ARC101", message, help=help, fix=fix), own, bool(fix) if certain is None else certain)


def _renamed(word: str, place: Place, allowed: list[str]) -> Explained:
    """Another name, a misspelling, or neither."""
    key = place.mapping.keys[word].span
    section = is_section(place.model)
    own = nearest(word, allowed, section=section)
    # A word that is near an allowed field is not renamed to one of the others.
    fix = renaming(word, key, allowed if own else place.also, place.mapping.entries, section=section)
    node, suggested = place.mapping.entries[word], place.also
    if own is None and isinstance(node, ScalarNode) and type(node.value) in (int, float) and "-" not in str(node.value):
        suggested, fix = (), ()  # a size, which no field of every layer takes
    if own is None and nearest(word, suggested) is None and issubclass(place.model, Op) and allowed in (["op"], []):
        return _found(word, place, f"{name_of(place.model)} has no fields besides {', '.join(['op', *place.also])}")
    if not allowed and not place.also:
        return _found(word, place, f"delete `{word[:64]}`: {_noun(place.what)} takes no fields")
    if own is None and len(allowed) == 1 and not place.also:
        only = f"`{allowed[0]}` is the only {_noun(place.what)} so far"
        return _found(word, place, f"{only}: write `{allowed[0]}: {template(model_at(place.model, allowed))}`")
    help = did_you_mean(word, allowed, what="fields", also=suggested, listed=place.also, section=section)
    return _found(word, place, help, fix, own=own or nearest(word, suggested))


def _needless(word: str, place: Place) -> Explained | None:
    """A field that other frameworks need and archc does not."""
    found = _declared_for(word, place.model, "needless")
    if not isinstance(found, Needless):
        return None
    value = plain(place.mapping.entries[word])
    shown = word[:64]
    right = found.inferred(place.read) if found.inferred and place.read is not None else ()
    agrees = found.same == "any" or any(_is_same(value, same) for same in (*found.same, *right))
    if agrees or (folded(word) in ("name", "top") and value == place.what):
        return _found(word, place, f"delete `{shown}`: {found.why}", deletion(place.mapping, word), certain=True)
    if instead := replaced(word, place.model, value):
        return _found(word, place, instead, certain=True)
    if right:
        help = f"it is {spelled(right[0])}, not {spelled(value)[:64]}; delete `{shown}`: {found.why}"
        return _found(word, place, help, certain=True)
    if found.inferred and place.read is None:
        return _found(word, place, f"delete `{shown}`: {found.why}", certain=True)
    if found.inferred:
        # Of this input, the value changes the network.
        return _found(word, place, f"delete `{shown}`, there is no choice: {found.why}")
    choice = "" if folded(word) in ("name", "top") else ", there is no choice"
    return _found(word, place, f"delete `{shown}`{choice}: {found.why}", certain=True)


def replaced(word: str, model: type[BaseModel], value: object) -> str | None:
    """The help for a field of other frameworks whose value has another place; None for any other field."""
    found = _declared_for(word, model, "needless")
    if not isinstance(found, Needless) or not found.instead:
        return None
    instead = found.instead if isinstance(found.instead, str) else found.instead(value)
    return f"delete `{word[:64]}`, and {instead}"


def is_needless(word: str, model: type[BaseModel]) -> bool:
    """Whether a word is a field of other frameworks that archc does not need."""
    return _declared_for(word, model, "needless") is not None


def _is_same(value: object, same: object) -> bool:
    if isinstance(value, str) and isinstance(same, int) and value.lower() == spelled(same):
        return True  # a number in quotes, or the words of Python for true and false
    # Not by == alone: to Python, true is 1.
    return value == same and isinstance(value, bool) == isinstance(same, bool)


def _declared_for(word: str, model: type[BaseModel], attribute: str) -> object:
    return next((what for name, what in declared(model, attribute).items() if folded(name) == folded(word)), None)


def lacking(word: str, model: type[BaseModel]) -> str | None:
    """The help for a word of the field that a model has no counterpart for; None for any other word."""
    remark = _declared_for(word, model, "absent")
    return f"archc has no `{word[:64]}` yet: {remark}" if isinstance(remark, str) else None


def _lacking(word: str, place: Place) -> Explained | None:
    """A word of the field that has no counterpart here."""
    help = lacking(word, place.model)
    if help and plain(place.mapping.entries[word]) in (False, None):
        return _found(word, place, f"delete `{word}`: it changes nothing", deletion(place.mapping, word), certain=True)
    return _found(word, place, help) if help else None


def _nested(word: str, place: Place) -> Explained | None:
    """Fields in a mapping of their own, such as Caffe's `convolution_param`, or the kind of an initialiser."""
    node = place.mapping.entries[word]
    value = plain(node)
    if isinstance(value, str) and (help := lacking(value, place.model)):
        return _found(word, place, help)
    if not isinstance(node, MappingNode) or not issubclass(place.model, Op):
        return None
    allowed = place.allowed
    if not any(synonyms(key, allowed) or is_needless(key, place.model) for key in node.entries):
        return None
    text = node.span.source.text[node.span.start : node.span.end]
    inner = text[1:-1].strip() if text.startswith("{") and text.endswith("}") else ""
    if inner and place.mapping.span.source.text[place.mapping.span.start] != "{":
        # In a block, each field has a line of its own.
        key = place.mapping.keys[word].span
        lines = [f"{inline(node.keys[name])}: {inline(value)}" for name, value in node.entries.items()]
        inner = f"\n{' ' * (key.column - 1)}".join(lines) if not _COMMENT.search(text) else ""
    siblings = {meaning for key in place.mapping.entries for meaning in _meanings(key, place)}
    is_apart = siblings.isdisjoint(meaning for key in node.entries for meaning in _meanings(key, place))
    is_apart = is_apart and not inner.endswith(":")  # a value that is left out
    fix = rewriting(place.mapping, word, inner) if inner and is_apart else ()
    return _found(word, place, f"write the fields of `{word[:64]}` in the layer itself", fix, certain=False)


def _meanings(key: str, place: Place) -> list[str]:
    """A key and the fields that it can mean; a needless one means none, as Caffe's `operation` is not an `op`."""
    return [key] if is_needless(key, place.model) else [key, *synonyms(key, place.allowed)]


def _own_layer(word: str, place: Place) -> Explained | None:
    """What other frameworks compute in the same layer: an activation, a normalisation, a dropout."""
    if not issubclass(place.model, Op):
        return None
    node = place.mapping.entries[word]
    value = node.value if isinstance(node, ScalarNode) else None
    plain_word = folded(word)
    if plain_word in _ACTIVATIONS:
        return _named_layer(word, place, "" if value is None else str(value), isinstance(node, ScalarNode))
    if plain_word in _NORMALISATIONS and isinstance(value, str):
        full = value if synonyms(value, ops()) or folded(value) in _NONE else f"{value}_norm"
        return _named_layer(word, place, full, True)
    meant = _op_in(plain_word, place.model)
    if meant is None or not isinstance(node, ScalarNode) or isinstance(value, str):
        return None
    if value in (False, None, 0):
        help = f"delete `{word}`: it changes nothing"
        return _found(word, place, help, deletion(place.mapping, word), certain=True)
    body = _body(meant, value)
    return _add_layer(word, place, meant, body)


def _op_in(word: str, model: type[Op]) -> str | None:
    """The op that a field such as `use_batch_norm` or `dropout_rate` asks for."""
    names = (word, *(word.removeprefix(prefix) for prefix in _PREFIXES), word.removesuffix("rate"))
    for name in (*names, f"{word.removesuffix('alize')}"):
        found = certain(name, ops()) if synonyms(name, ops()) else None
        if found and ops()[found] is not model:
            return found
    return None


def _named_layer(word: str, place: Place, value: str, is_scalar: bool) -> Explained:
    """The op that a value names, such as that of `activation: relu`."""
    if is_scalar and (not value or folded(value) in _NONE or value == "False"):
        return _found(word, place, f"delete `{word}`: it changes nothing", deletion(place.mapping, word), certain=True)
    meant = certain(value, ops()) if is_scalar and synonyms(value, ops()) else None
    if meant is None:
        shown = ", ".join(name for name, op in ops().items() if op.is_activation or op.gives_probabilities)
        lacking = (absence(value) if is_scalar else None) or f"there is no `{value[:64]}`" if is_scalar else ""
        also = f"activations are layers of their own: {shown}"
        return _found(word, place, f"{lacking}; {also}" if lacking else also)
    return _add_layer(word, place, meant, _body(meant, written=value))


def _add_layer(word: str, place: Place, op: str, body: str) -> Explained:
    if place.insert is None:
        help = f"delete `{word}`, and add a layer `{body}` after each {place.what} without an `{word}` of its own"
        return _found(word, place, help, certain=True)
    path, added, readers, following = place.insert(op, body)
    if following is not None:
        help = f"delete `{word}`: {following} follows"
        return _found(word, place, help, deletion(place.mapping, word), certain=True)
    name = path.rpartition(".")[2]  # in a block or a stage, names are written without the path
    layer = f"`{body}`" if _is_item(place.what) else f"`{name}: {body}`"
    help = f"delete `{word}`, and add a layer {layer} after it"
    if readers and not _is_item(place.what):
        help = f"delete `{word}`, add {layer} after it, and read {name} in {listed(readers)}"
    removed = deletion(place.mapping, word)
    # With another such field, the order of the layers would be a guess.
    alone = sum(_own_layer_words(other, place) for other in place.mapping.entries) == 1
    is_exact = removed and added and alone and "…" not in body
    return _found(word, place, help, (*removed, *added) if is_exact else (), certain=True)


def _is_item(path: str) -> bool:
    """Whether the layer of a path is an item of a list, which has a number and no name."""
    return path.rpartition(".")[2].isdigit()


def _own_layer_words(word: str, place: Place) -> bool:
    """Whether a field of a layer asks for a layer of its own."""
    if word in place.allowed:
        return False
    plain_word = folded(word)
    return plain_word in (*_ACTIVATIONS, *_NORMALISATIONS) or (
        issubclass(place.model, Op) and _op_in(plain_word, place.model) is not None
    )


def _noun(what: str) -> str:
    """`schedule` for "the spec's `train.schedule`"."""
    return what.rpartition(".")[2].strip("`") if "." in what else "field"


def _body(op: str, value: object = None, written: str = "") -> str:
    """A layer of an op, with `value` in its one required field if it has one, and others to be filled in.

    Where the op is `written` as another framework calls it, with what that name stands for.
    """
    required = [name for name, field in ops()[op].model_fields.items() if field.is_required() and name != "op"]
    is_number = len(required) == 1 and type(value) in (int, float)
    fields = dict.fromkeys(required, spelled(value) if is_number else "…")
    fields |= {name: spelled(each) for name, each in usual_values(ops()[op], written, {}).items()}
    return f"{{{', '.join([f'op: {op}', *(f'{name}: {text}' for name, text in fields.items())])}}}"
