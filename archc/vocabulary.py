"""Did you mean: the words of PyTorch, Keras and Caffe, and plain misspellings, to archc's own."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_SHOWN = 40

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
    "norm": ("lrn",),
    "concatenate": ("concat",),
    "cat": ("concat",),
    "eltwise": ("add",),
    "sum": ("add",),
    "outchannels": ("filters",),
    "channels": ("filters",),
    "numoutput": ("filters", "units"),
    "outfeatures": ("units",),
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


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that `word` most likely stands for."""
    allowed = list(allowed)
    folded = word.lower().replace("_", "").replace("-", "").replace(" ", "")
    for candidate in (*(w for w in allowed if w.replace("_", "") == folded), *_SYNONYMS.get(folded, ())):
        if candidate in allowed:
            return candidate
    close = get_close_matches(word[:64].lower(), allowed, n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(word: str, allowed: Iterable[str], *, what: str) -> str:
    """A help line: the nearest allowed word, or all of them (the last ones, of many) where none is near."""
    allowed = list(allowed)
    guess = nearest(word, allowed)
    if guess:
        return f"did you mean `{guess}`?"
    shown = allowed if len(allowed) <= _MOST_SHOWN else ["…", *allowed[-_MOST_SHOWN:]]
    return f"{what} here: {', '.join(shown)}"
