"""Suggests archc's names for misspelt names and for those of PyTorch, Keras and Caffe.

Each op declares the names that other frameworks use for it and for its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from itertools import takewhile
from typing import Literal, NamedTuple

from archc.ops import ops
from archc.ops.op import Op, name_of

_MOST_SHOWN = 40
_MOST_COMPARED = 200

# Foreign words for fields that belong to no op. If several archc names match, the one that is allowed at that position
# is used.
_OF_SECTIONS: dict[str, tuple[str, ...]] = {
    "from": ("bottom", "inputs"),
    "input": ("inputs",),
    "op": ("type",),
    "batch": ("batch_size",),
    "lr": ("learning_rate", "base_lr"),
    "weight_decay": ("weight_decay",),
    "epochs": ("max_epochs",),
    "devices": ("gpus",),
}
# Fields that other frameworks need because they do not infer shapes.
_INFERRED = frozenset("inchannels infeatures inplanes inputshape inputdim inputsize numinputs".split())
Words = Literal["backends", "fields", "layers", "names", "ops", "values"]

# How a list of words is introduced.
_LISTED: dict[Words, str] = {
    "backends": "available backends",
    "fields": "valid fields",
    "layers": "known layers",
    "names": "known names",
    "ops": "supported ops",
    "values": "valid values",
}
# One letter off a shorter word is often another word: `relu` and `gelu`.
_SHORTEST_MISSPELT = 5


class _Foreign(NamedTuple):
    """Foreign words, folded: the archc words for each, and the pairs that are not certain, as (foreign, archc)."""

    words: dict[str, dict[str, None]]
    loose: frozenset[tuple[str, str]]


@cache  # for a spec without misspellings, no distribution is searched for ops
def _foreign() -> _Foreign:
    """The foreign words of all ops and sections."""
    words: dict[str, dict[str, None]] = {}
    loose: set[tuple[str, str]] = set()
    # Base classes first: a word that means `kernel` to every window may also mean `filters` to a convolution.
    bases: list[type[object]] = list(dict.fromkeys(base for op in ops().values() for base in reversed(op.__mro__)))
    for own, foreign in [*_OF_SECTIONS.items(), *(names for base in bases for names in _names_of(base))]:
        for word in foreign:
            # The op of a distribution does not take over a word that already means one of archc's own.
            if own not in ops() or ops().is_own(own) or ops().keys().isdisjoint(words.get(_folded(word), ())):
                words.setdefault(_folded(word), {})[own] = None
    for base in bases:
        uncertain = vars(base).get("loose_names", ())
        loose.update((_folded(word), own) for own, foreign in _names_of(base) for word in foreign if word in uncertain)
    return _Foreign(words, frozenset(loose))


def _names_of(base: type[object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a class itself declares: names of the op, if it is one, and of its fields."""
    if issubclass(base, Op) and (name := name_of(base)):
        yield name, vars(base).get("other_names", ())
    yield from vars(base).get("other_field_names", {}).items()


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that `word` most likely means."""
    allowed = list(allowed)
    folded = _folded(word)
    for candidate in (*(w for w in allowed if w.replace("_", "") == folded), *_foreign().words.get(folded, ())):
        if candidate in allowed:
            return candidate
    close = get_close_matches(word[:64].lower(), allowed, n=1, cutoff=0.6)
    return close[0] if close else None


def certain(word: str, allowed: Iterable[str]) -> str | None:
    """The one allowed word that `word` must mean: equal but for case, a synonym, or one letter off a long word."""
    allowed, folded = list(allowed), _folded(word)
    words, loose = _foreign()
    same = [w for w in allowed if w.replace("_", "") == folded]
    synonyms = [w for w in words.get(folded, ()) if w in allowed and (folded, w) not in loose]
    misspelt = [w for w in allowed if len(w) >= _SHORTEST_MISSPELT and _is_one_letter_off(word.lower(), w)]
    if folded in words:  # a word of another framework is not a misspelling
        misspelt = []
    found = same or synonyms or misspelt
    # The fix must not differ from what the help suggests.
    return found[0] if len(found) == 1 and found[0] == nearest(word, allowed) else None


def _is_one_letter_off(word: str, right: str) -> bool:
    """Whether one letter is missing, added, replaced or swapped with the next. Never a digit: conv3d is not conv2d."""
    if abs(len(word) - len(right)) > 1 or re.findall("[0-9]", word) != re.findall("[0-9]", right):
        return False
    same = len([*takewhile(lambda pair: pair[0] == pair[1], zip(word, right, strict=False))])
    rest, due = word[same:], right[same:]
    swapped = rest[:2] == due[1::-1] and rest[2:] == due[2:]
    return bool(rest or due) and (swapped or rest[1:] in (due, due[1:]) or rest == due[1:])


def _folded(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def did_you_mean(word: str, allowed: Iterable[str], *, what: Words, also: Iterable[str] = ()) -> str:
    """A help line: the nearest allowed word, else the nearest in `also`, else a list of the allowed words.

    In `also`, fields are those of every layer, so they are allowed too. Other words are suggested only.
    """
    # Of a hundred thousand layers, the last ones are the likeliest to be meant, and comparing all would take minutes.
    allowed = list(allowed)[-_MOST_COMPARED:]
    guess = nearest(word, allowed) or nearest(word, also)
    if guess:
        return f"did you mean `{guess}`?"
    if _folded(word) in _INFERRED:
        return f"delete `{word}`: archc infers it from the layer's input"
    if what == "fields":
        allowed += also
    shown = allowed if len(allowed) <= _MOST_SHOWN else ["…", *allowed[-_MOST_SHOWN:]]
    return f"{_LISTED[what]}: {', '.join(shown)}"
