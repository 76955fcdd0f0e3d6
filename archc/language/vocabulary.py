"""Did you mean: the words of PyTorch, Keras and Caffe, and plain misspellings, to archc's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import takewhile

_MOST_SHOWN = 40
# Of a hundred thousand layers, those just before are the likeliest to be meant.
_MOST_COMPARED = 200

# Several archc words for one foreign word: the one that the place allows is meant.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "linear": ("dense",),
    "fc": ("dense",),
    "innerproduct": ("dense",),
    "fullyconnected": ("dense",),
    "conv": ("conv2d",),
    "convolution": ("conv2d",),
    "convolution2d": ("conv2d",),
    "maxpool": ("max_pool2d",),
    "maxpool2d": ("max_pool2d",),
    "maxpooling2d": ("max_pool2d",),
    "pool": ("max_pool2d",),
    "pooling": ("max_pool2d",),
    "localresponsenorm": ("lrn",),
    "localresponsenormalization": ("lrn",),
    "norm": ("lrn", "batch_norm"),
    "bn": ("batch_norm",),
    "batchnorm2d": ("batch_norm",),
    "batchnorm1d": ("batch_norm",),
    "batchnormalization": ("batch_norm",),
    "eps": ("epsilon",),
    "concatenate": ("concat",),
    "cat": ("concat",),
    "eltwise": ("add",),
    "sum": ("add",),
    "outchannels": ("filters",),
    "channels": ("filters",),
    "numoutput": ("filters", "units"),
    "outfeatures": ("units",),
    "kernels": ("kernel", "filters"),
    "kernelsize": ("kernel", "size"),
    "poolsize": ("kernel",),
    "localsize": ("size",),
    "strides": ("stride",),
    "pad": ("padding",),
    "group": ("groups",),
    "dilationrate": ("dilation",),
    "ceilmode": ("rounding",),
    "p": ("rate",),
    "dropoutratio": ("rate",),
    "usebias": ("bias",),
    "biasterm": ("bias",),
    "kernelinitializer": ("weight_init",),
    "weightfiller": ("weight_init",),
    "biasinitializer": ("bias_init",),
    "biasfiller": ("bias_init",),
    "bottom": ("from",),
    "inputs": ("from", "input"),
    "type": ("op",),
    "batchsize": ("batch",),
    "learningrate": ("lr",),
    "baselr": ("lr",),
    "weightdecay": ("weight_decay",),
    "maxepochs": ("epochs",),
    "gpus": ("devices",),
}

# Not one of archc's for certain: a pool may average, a norm be another, a filler stand for more than a number.
_LOOSE = frozenset(
    "pool pooling norm eltwise channels ceilmode kernelinitializer weightfiller biasinitializer biasfiller".split()
)
# What other frameworks want to be told of a layer's input, which archc knows.
_INFERRED = frozenset("inchannels infeatures inplanes inputshape inputdim inputsize numinputs".split())
_SHORTEST_MISSPELT = 5


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that `word` most likely stands for."""
    allowed = list(allowed)
    folded = _folded(word)
    for candidate in (*(w for w in allowed if w.replace("_", "") == folded), *_SYNONYMS.get(folded, ())):
        if candidate in allowed:
            return candidate
    close = get_close_matches(word[:64].lower(), allowed, n=1, cutoff=0.6)
    return close[0] if close else None


def certain(word: str, allowed: Iterable[str]) -> str | None:
    """The one allowed word that `word` must mean: the same but for case, a synonym, or one letter off a long word."""
    allowed, folded = list(allowed), _folded(word)
    same = [w for w in allowed if w.replace("_", "") == folded]
    synonyms = [w for w in _SYNONYMS.get(folded, ()) if w in allowed and folded not in _LOOSE]
    misspelt = [w for w in allowed if len(w) >= _SHORTEST_MISSPELT and _is_one_letter_off(word.lower(), w)]
    if folded in _SYNONYMS:
        misspelt = []
    found = same or synonyms or misspelt
    return found[0] if len(found) == 1 and found[0] == nearest(word, allowed) else None


def _is_one_letter_off(word: str, right: str) -> bool:
    """A letter is left out, added, another or swapped with the next; never a digit: conv3d is no conv2d."""
    if abs(len(word) - len(right)) > 1 or re.findall("[0-9]", word) != re.findall("[0-9]", right):
        return False
    same = len([*takewhile(lambda pair: pair[0] == pair[1], zip(word, right, strict=False))])
    rest, due = word[same:], right[same:]
    swapped = rest[:2] == due[1::-1] and rest[2:] == due[2:]
    return bool(rest or due) and (swapped or rest[1:] in (due, due[1:]) or rest == due[1:])


def _folded(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")


def did_you_mean(word: str, allowed: Iterable[str], *, what: str) -> str:
    """A help line: the nearest allowed word, or all of them (the last ones, of many) where none is near."""
    allowed = list(allowed)[-_MOST_COMPARED:]
    guess = nearest(word, allowed)
    if guess:
        return f"did you mean `{guess}`?"
    if _folded(word) in _INFERRED:
        return f"archc infers it from what the layer reads: delete `{word}`"
    shown = allowed if len(allowed) <= _MOST_SHOWN else ["…", *allowed[-_MOST_SHOWN:]]
    return f"{what} here: {', '.join(shown)}"
