"""Suggests archc's names for misspelt names and for those of PyTorch, Keras, Caffe, darknet, ONNX and TensorFlow.

Each op declares the names that other frameworks use for it and for its fields. A word of the field that has no
counterpart here is never taken for a misspelling of another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Literal, NamedTuple

from pydantic import BaseModel

from archc.language.recipe_words import OF_SECTIONS
from archc.ops import ops
from archc.ops.distributions import MODELS
from archc.ops.fields import Fields
from archc.ops.op import Op, name_of

_MOST_SHOWN = 40
_MOST_COMPARED = 200
Words = Literal["backends", "fields", "layers", "names", "ops", "values"]

# How a list of words is introduced.
_LISTED: dict[Words, str] = {
    "backends": "available backends",
    "fields": "valid fields",
    "layers": "known layers",
    "names": "known names",
    "values": "valid values",
}
LIST_OPS = "list all ops with `archc explain`"
"""The help where any op may be meant: there are too many for one line."""

# One letter off a shorter word is often another word: `relu` and `gelu`.
_SHORTEST_MISSPELT = 5
# Suggested only: one letter off a word of so many letters, and two letters off a longer one.
_SHORT, _LONG = 4, 8
# A framework's module before a name, such as `torch.nn.`, and what MATLAB and others put after one.
_MODULE = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*\.)+(?=[A-Za-z_])")


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
    bases += MODELS
    for own, foreign in [*OF_SECTIONS.items(), *(names for base in bases for names in _names_of(base))]:
        for word in foreign:
            # The op of a distribution does not take over a word that already means one of archc's own.
            if own not in ops() or ops().is_own(own) or ops().keys().isdisjoint(words.get(folded(word), ())):
                words.setdefault(folded(word), {})[own] = None
    for base in bases:
        uncertain = vars(base).get("loose_names", ())
        loose.update((folded(word), own) for own, foreign in _names_of(base) for word in foreign if word in uncertain)
    return _Foreign(words, frozenset(loose))


def _names_of(base: type[object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a class itself declares: names of the op, if it is one, and of its fields."""
    if issubclass(base, Op) and (name := name_of(base)):
        yield name, vars(base).get("other_names", ())
    yield from vars(base).get("other_field_names", {}).items()


@cache
def _absent() -> dict[str, str]:
    """The words of ops that archc does not have, folded, with the remark on each."""
    from archc.ops.absent import absent  # only for a spec with an unknown word, for the time of start-up

    return {folded(word): remark for word, remark in absent().items()}


def absence(word: str) -> str | None:
    """The help for a word of the field for an op that does not exist here; None for any other word."""
    remark = _absent().get(folded(word))
    if remark is None or synonyms(word, ops()):
        return None
    return f"archc has no `{word[:64]}`: {remark}" if remark else f"archc has no `{word[:64]}` yet"


def is_section(model: type[BaseModel]) -> bool:
    """Whether a model is a section of a spec, whose fields do not share the other names of an op's fields."""
    return not issubclass(model, (Op, Fields))


def synonyms(word: str, allowed: Iterable[str], *, section: bool = False) -> list[str]:
    """The allowed words that are the word itself, written differently, or else that other frameworks call so.

    With `section`, they are fields of a section: `decay` is a `momentum` of batch_norm, but not of an optimizer.
    """
    allowed = list(allowed)
    same = [w for w in allowed if w.replace("_", "") == folded(word)]
    if same:
        return same
    found = [w for w in _foreign().words.get(folded(word), ()) if w in allowed]
    if section:
        return [w for w in found if folded(word) in map(folded, OF_SECTIONS.get(w, ()))]
    return [w for w in found if w not in OF_SECTIONS or w not in ops() or _is_of_op(word, w)]


def _is_of_op(word: str, op: str) -> bool:
    """Whether a word is another name of an op, and not of a field of a section that is called the same, as `crop`."""
    return folded(word) in map(folded, ops()[op].other_names)


def nearest(word: str, allowed: Iterable[str], *, named: bool = False, section: bool = False) -> str | None:
    """The allowed word that `word` most likely means.

    A misspelling is a letter off, or two letters off a long word. Names that authors choose, and with `named` others
    that no other framework could have a word for, may differ in more.
    """
    allowed = [name for name in allowed if not named or _numbers(word) in ([], _numbers(name))]
    if known := synonyms(word, allowed, section=section):
        return known[0]
    if named:
        close = get_close_matches(word[:64].lower(), allowed, n=1, cutoff=0.6)
        return close[0] if close else None
    if folded(word) in _foreign().words or folded(word) in _absent():
        return None
    for most, shortest in ((1, _SHORT), (2, _LONG)):
        for candidate in allowed:
            if len(candidate) >= shortest and _are_close(word.lower(), candidate, most):
                return candidate
    return None


def _numbers(path: str) -> list[str]:
    """The numbers in a path: another item of a stage is not a misspelling."""
    return [step for step in path.split(".") if step.lstrip("-").isdigit()]


def certain(word: str, allowed: Iterable[str], *, section: bool = False) -> str | None:
    """The one allowed word that `word` must mean: equal but for case, a synonym, or one letter off a long word."""
    allowed = list(allowed)
    found = [w for w in synonyms(word, allowed, section=section) if not is_loose(word, w)]
    if not found and folded(word) not in _foreign().words:  # a word of another framework is not a misspelling
        found = [w for w in allowed if len(w) >= _SHORTEST_MISSPELT and _are_close(word.lower(), w, 1)]
    # The fix must not differ from what the help suggests.
    return found[0] if len(found) == 1 and found[0] == nearest(word, allowed, section=section) else None


def is_loose(word: str, own: str) -> bool:
    """Whether a foreign word can mean something else than the own word that it is listed for."""
    return (folded(word), own) in _foreign().loose


def _are_close(word: str, right: str, most: int) -> bool:
    """Whether at most so many letters are missing, added, replaced or swapped with the next.

    Never a digit: conv3d is not conv2d.
    """
    if abs(len(word) - len(right)) > most or re.findall("[0-9]", word) != re.findall("[0-9]", right):
        return False
    # The distance of Damerau and Levenshtein, row by row; two rows back for a swap.
    earlier: list[int] = []
    above = list(range(len(right) + 1))
    for i, letter in enumerate(word, 1):
        row = [i]
        for j, due in enumerate(right, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != due)))
            if i > 1 and j > 1 and (letter, word[i - 2]) == (right[j - 2], due):
                row[j] = min(row[j], earlier[j - 2] + 1)
        earlier, above = above, row
    return above[-1] <= most


def folded(word: str) -> str:
    """A word without case, separators, a module before it and `layer` after it: `torch.nn.Conv2d` is `conv2d`."""
    plain = re.sub(r"[_\- ]", "", _MODULE.sub("", word[:256]).lower())
    return plain.removesuffix("layer") or plain


def did_you_mean(
    word: str,
    allowed: Iterable[str],
    *,
    what: Words,
    also: Iterable[str] = (),
    listed: Iterable[str] = (),
    section: bool = False,
) -> str:
    """A help line: the nearest allowed word, else the nearest in `also`, else a list of the allowed words.

    The words in `listed` end that list, but are not suggested.
    """
    # Of a hundred thousand layers, the last ones are the likeliest to be meant, and comparing all would take minutes.
    allowed = list(allowed)[-_MOST_COMPARED:]
    known = synonyms(word, allowed)
    if len(known) > 1 and what == "ops":
        return f"did you mean {' or '.join(f'`{guess}`' for guess in known)}?"
    named = what in ("backends", "layers", "names")
    guess = nearest(word, allowed, named=named, section=section) or nearest(word, also)
    if guess:
        return f"did you mean `{guess}`?"
    allowed += listed
    if what == "ops":
        lacking = absence(word)
        return f"{lacking}; {LIST_OPS}" if lacking and ":" not in lacking else lacking or LIST_OPS
    shown = allowed if len(allowed) <= _MOST_SHOWN else ["…", *allowed[-_MOST_SHOWN:]]
    return f"{_LISTED[what]}: {', '.join(shown)}"
