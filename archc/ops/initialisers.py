"""The initialisers of Caffe, Keras, PyTorch and MXNet in archc's words.

A form is converted if it is the same distribution, for any fans. Otherwise the help says what differs, and nothing is
fixed. Frameworks disregard the groups of a convolution in its fan-out, which archc does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any, NamedTuple, cast

from archc.ops.foreign import Converted, spelled
from archc.ops.initialisation import WORDS

_CONSTANTS = {"zeros": 0, "zero": 0, "ones": 1, "one": 1}
_KINDS = ("type", "class_name", "name")
# Beside the class of a Keras object: where it is from, and what changes no value of it.
_NEEDLESS = ("module", "registered_name", "dtype")
_STD = ("std", "stddev", "sigma", "standard_deviation")
_FAN = ("fan", "mode", "fan_mode", "factor_type", "variance_norm")
_FANS = {
    **dict.fromkeys(("fanin", "in", "0"), "in"),
    **dict.fromkeys(("fanout", "out", "1"), "out"),
    **dict.fromkeys(("fanavg", "avg", "average", "both", "2"), "both"),
}
# PyTorch's gains, of `torch.nn.init.calculate_gain`.
_GAINS = {"linear": 1, "conv1d": 1, "conv2d": 1, "conv3d": 1, "sigmoid": 1, "tanh": 5 / 3, "selu": 3 / 4}
_USE = "use another distribution, such as `he_normal: {}`, `glorot_uniform: {}` or `orthogonal: {}`"
_GROUPS = "frameworks take the fan-out of all groups, archc that of one"
# Beyond so many standard deviations, a value of float64 is as good as never drawn.
_NEVER = 9


class _Written(NamedTuple):
    """An initialiser: its kind as it is written, its options, and whether it is a filler of Caffe."""

    kind: str
    options: dict[str, object]
    is_filler: bool = False

    @property
    def word(self) -> str:
        return folded(self.kind)


class _Meant(NamedTuple):
    """A distribution in archc's words; it is not `certain` if another framework means another one by the same form."""

    kind: str
    options: Mapping[str, object]
    certain: bool = True
    note: str = ""

    @property
    def reads_fan_out(self) -> bool:
        usual = "both" if self.kind.startswith("glorot") else "in"
        return self.kind.startswith(("glorot", "he")) and self.options.get("fan", usual) != "in"


class _Other(Exception):
    """An option that makes a distribution one that archc does not have, and what to do."""


def folded(kind: str) -> str:
    """A kind without case, underscores and the module before it."""
    return kind.rpartition(".")[2].lower().replace("_", "")


def weights(word: str, values: Mapping[str, Any], *, grouped: bool = False) -> Converted | None:
    """An initialiser of weights, under a word for it.

    One that depends on the fan-out is converted only if `grouped`, which reads the groups of the layer as well.
    """
    value, is_own = values[word], word == "weight_init"
    if type(value) is float and value > 0:
        return None if grouped else Converted({word: ("weight_init", {"normal": {"std": value}})}, certain=False)
    written = _written(value, word)
    # What is wrong inside archc's own form is reported there.
    if written is None or (is_own and _is_inside(value, written)):
        return None
    try:
        meant = _MEANINGS.get(written.word, _unknown)(written)
    except _Other as other:
        return None if grouped else Converted({word: None}, certain=False, help=str(other))
    if meant.reads_fan_out != grouped:
        return None
    is_whole = not grouped or values.get("groups", 1) == 1
    notes = tuple(filter(None, (meant.note, "" if is_whole else _GROUPS)))
    made = {meant.kind: dict(meant.options)}
    return Converted({word: ("weight_init", made)}, notes, certain=meant.certain and is_whole)


def biases(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The first value of biases, under a word for it: a number, or a constant by its name."""
    value = values[word]
    if type(value) in (int, float):
        return Converted({word: ("bias_init", value)})
    written = _written(value, word)
    if written is None or (word == "bias_init" and isinstance(value, str)):
        return None
    if written.word in _CONSTANTS and not written.options:
        return Converted({word: ("bias_init", _CONSTANTS[written.word])})
    if written.word == "constant" and written.options.keys() <= {"value", "val"}:
        number = next(iter(written.options.values()), 0)
        return Converted({word: ("bias_init", number)}) if type(number) in (int, float) else None
    help = f"archc has no `{written.kind[:64]}` for biases yet: write one number, `bias_init: …`"
    return Converted({word: None}, certain=False, help=help)


def bias_value(values: Mapping[str, Any]) -> Converted | None:
    """A value that is written where `bias` takes true or false; 0 and 1 can mean these."""
    value = values["bias"]
    if isinstance(value, str):
        value = _CONSTANTS.get(folded(value))
    elif type(value) not in (int, float) or value in (0, 1):
        return None
    return None if value is None else Converted({"bias": ("bias_init", value)})


def _written(value: object, word: str) -> _Written | None:
    """An initialiser from its name, `{type: msra}`, `{class_name: HeNormal, config: {}}` or `{msra: {}}`."""
    is_filler = word.endswith("_filler")
    if isinstance(value, str):
        return _Written(value, {}, is_filler)
    if not isinstance(value, dict):
        return None
    parts = dict(cast(dict[str, object], value))
    kind = next((word for word in _KINDS if isinstance(parts.get(word), str)), None)
    if kind is not None:
        name, config = str(parts.pop(kind)), parts.pop("config", None)
        options = {**parts, **(cast(dict[str, object], config) if isinstance(config, dict) else {})}
        options = {option: each for option, each in options.items() if option not in _NEEDLESS}
        return _Written(name, options, is_filler or kind == "type")
    if len(parts) != 1:
        return None
    ((name, inner),) = parts.items()
    if type(inner) in (int, float):
        return _Written(name, {"value" if folded(name) == "constant" else "std": inner})
    return _Written(name, cast(dict[str, object], inner) if isinstance(inner, dict) else {}, is_filler)


_OWN_OPTIONS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("normal", "truncatednormal"), ("std",)),
    **dict.fromkeys(("henormal", "heuniform"), ("fan", "slope")),
    **dict.fromkeys(("glorotnormal", "glorotuniform"), ("fan", "gain")),
    **dict.fromkeys(("lecunnormal", "lecununiform", "zeros"), ()),
    "uniform": ("limit",),
    "orthogonal": ("gain",),
    "constant": ("value",),
}


def _is_inside(value: object, written: _Written) -> bool:
    """Whether a value has archc's form: one of its kinds, or a name that is none, with none of others' options."""
    if isinstance(value, str):
        return written.word not in _MEANINGS or value in WORDS
    inner = cast(dict[str, object], value).get(written.kind) if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        return False
    own = _OWN_OPTIONS.get(written.word)
    if own is None:
        return written.word not in _MEANINGS
    fan = written.options.get("fan", "in")
    return written.options.keys() <= {*own} and fan in ("in", "out", "both")


def _take(options: dict[str, object], names: tuple[str, ...], default: object = None) -> object:
    """The value of an option by any of its names, which is removed from the others."""
    found = [options.pop(name) for name in names if name in options]
    return found[0] if found else default


def _number(options: dict[str, object], names: tuple[str, ...], default: float | None = None) -> float | None:
    value = _take(options, names, default)
    return float(cast(float, value)) if type(value) in (int, float) else None


def _done(written: _Written, options: Mapping[str, object], same: Mapping[str, tuple[object, ...]] = {}) -> None:
    """Raise _Other for an option that is left, unless its value changes nothing."""
    known = {"seed": (None,), "generator": (None,), **same}
    for option, value in options.items():
        if option not in known or isinstance(value, bool) or value not in known[option]:
            raise _Other(f"{_lacks(written, option, value)}: use `normal: {{std: …}}` with its standard deviation")


def _lacks(written: _Written, option: str, value: object) -> str:
    return f"archc has no `{written.kind[:64]}` with `{f'{option}: {spelled(value)}'[:64]}` yet"


def _fan(written: _Written, options: dict[str, object], default: str) -> str:
    value = _take(options, _FAN, default)
    found = _FANS.get(folded(str(value)))
    if found is None or isinstance(value, bool):
        raise _Other(f"{_lacks(written, 'mode', value)}: a fan is `in`, `out` or `both`")
    return found


def _scaled(shape: str, scale: float, fan: str) -> tuple[str, dict[str, object]]:
    """The kind with the variance scale / fan, by its shortest name."""
    if scale == 1 and fan == "in":
        return f"lecun_{shape}", {}
    if scale == 2 and fan != "both":
        return f"he_{shape}", {} if fan == "in" else {"fan": fan}
    gain = sqrt(scale)
    gain = round(gain) if gain == round(gain) else gain
    return f"glorot_{shape}", {**({} if fan == "both" else {"fan": fan}), **({} if gain == 1 else {"gain": gain})}


def _he(shape: str) -> Callable[[_Written], _Meant]:
    def meaning(written: _Written) -> _Meant:
        options = dict(written.options)
        fan = _fan(written, options, "in")
        nonlinearity = str(options.pop("nonlinearity", "leaky_relu")).lower()
        slope = _number(options, ("a", "slope", "negative_slope"), 0)
        _done(written, options)
        if nonlinearity in _GAINS:
            return _Meant(*_scaled(shape, float(_GAINS[nonlinearity]) ** 2, fan))
        if slope is None or slope < 0 or nonlinearity not in ("relu", "leaky_relu"):
            raise _Other(f"{_lacks(written, 'nonlinearity', nonlinearity)}: {_USE}")
        fans = {} if fan == "in" else {"fan": fan}
        is_relu = nonlinearity == "relu" or slope == 0
        return _Meant(f"he_{shape}", fans if is_relu else {**fans, "slope": slope})

    return meaning


def _glorot(shape: str) -> Callable[[_Written], _Meant]:
    def meaning(written: _Written) -> _Meant:
        options = dict(written.options)
        fan, gain = _fan(written, options, "both"), _number(options, ("gain",), 1)
        _done(written, options)
        if gain is None or gain <= 0:
            raise _Other(f"write `glorot_{shape}: {{gain: …}}` with a number above 0")
        return _Meant(*_scaled(shape, gain**2, fan))

    return meaning


def _lecun(shape: str) -> Callable[[_Written], _Meant]:
    def meaning(written: _Written) -> _Meant:
        _done(written, written.options)
        return _Meant(f"lecun_{shape}", {})

    return meaning


def _xavier(written: _Written) -> _Meant:
    """Caffe's divides by the fan-in, unless told otherwise; MXNet's has a magnitude; others by both."""
    options = dict(written.options)
    if written.is_filler:
        fan = _fan(written, options, "in")
        _done(written, options)
        return _Meant(*_scaled("uniform", 1, fan))
    is_mxnet = not options.keys().isdisjoint(("rnd_type", "factor_type", "magnitude"))
    shape = str(options.pop("rnd_type", "uniform")).replace("gaussian", "normal")
    magnitude = _number(options, ("magnitude",), 3)
    fan, gain = _fan(written, options, "both"), _number(options, ("gain",), 1)
    _done(written, options)
    if magnitude is None or magnitude <= 0 or gain is None or gain <= 0 or shape not in ("uniform", "normal"):
        raise _Other(f"archc has no such `{written.kind[:64]}`: {_USE}")
    note = "" if is_mxnet else "Caffe's `xavier` divides by the fan-in alone: `{glorot_uniform: {fan: in}}`"
    scale = gain**2 * (magnitude / (3 if shape == "uniform" else 1) if is_mxnet else 1)
    return _Meant(*_scaled(shape, scale, fan), certain=is_mxnet, note=note)


def _variance_scaling(written: _Written) -> _Meant:
    """Keras's, whose scale is 1 and whose fan is the fan-in by default."""
    options = dict(written.options)
    scale, fan = _number(options, ("scale",), 1), _fan(written, options, "in")
    shape = str(options.pop("distribution", "truncated_normal")).lower()
    shape = "normal" if shape in ("truncated_normal", "untruncated_normal", "normal") else shape
    _done(written, options)
    if scale is None or scale <= 0 or shape not in ("normal", "uniform"):
        raise _Other(f"archc has no such `{written.kind[:64]}`: {_USE}")
    return _Meant(*_scaled(shape, scale, fan))


def _normal(written: _Written) -> _Meant:
    options = dict(written.options)
    std = _number(options, _STD)
    _done_around_0(written, options)
    if std is None:
        raise _Other("write `weight_init: {normal: {std: …}}` with the standard deviation")
    return _Meant("normal", {"std": std})


def _done_around_0(written: _Written, options: dict[str, object]) -> None:
    mean = options.pop("mean", 0)
    if mean != 0 or isinstance(mean, bool):
        raise _Other(f"{_lacks(written, 'mean', mean)}: use `normal: {{std: …}}`, whose mean is 0")
    _done(written, options, {"sparse": (-1,)})


def _truncated(written: _Written) -> _Meant:
    """Keras's and TensorFlow's ends at two standard deviations, PyTorch's at `a` and `b`, -2 and 2 by default."""
    options = dict(written.options)
    is_keras = written.word == "truncatednormal"
    std = _number(options, _STD)
    ends = [_number(options, (name,), default) for name, default in (("a", -2.0), ("b", 2.0))]
    _done_around_0(written, options)
    if std is None or std <= 0:
        raise _Other("write `weight_init: {truncated_normal: {std: …}}` with the standard deviation")
    if is_keras or ends == [-2 * std, 2 * std]:
        return _Meant("truncated_normal", {"std": std})
    low, high = ends
    if low is None or high is None or not (low <= -_NEVER * std and high >= _NEVER * std):
        raise _Other(f"archc cuts at 2 standard deviations, `{written.kind[:64]}` at {low:g} and {high:g}: {_USE}")
    note = f"PyTorch cuts at {low:g} and {high:g}, {min(-low, high) / std:g} standard deviations away"
    return _Meant("normal", {"std": std}, note=note)


def _uniform(written: _Written) -> _Meant:
    options = dict(written.options)
    limit = _number(options, ("limit", "scale"))
    low = _number(options, ("minval", "min", "a", "low"))
    high = _number(options, ("maxval", "max", "b", "high"))
    _done(written, options)
    if limit is None and high is not None and low == -high:
        limit = high
    if limit is None or limit <= 0:
        raise _Other("write `weight_init: {uniform: {limit: …}}`: weights are between -limit and limit")
    return _Meant("uniform", {"limit": limit})


def _orthogonal(written: _Written) -> _Meant:
    options = dict(written.options)
    gain = _number(options, ("gain", "scale"), 1)
    _done(written, options)
    if gain is None or gain <= 0:
        raise _Other("write `weight_init: {orthogonal: {gain: …}}` with a number above 0")
    return _Meant("orthogonal", {} if gain == 1 else {"gain": gain})


def _constant(written: _Written) -> _Meant:
    options = dict(written.options)
    value = _number(options, ("value", "val"), _CONSTANTS.get(written.word, 0))
    _done(written, options)
    if value is None:
        raise _Other("write `weight_init: {constant: {value: …}}` with a number")
    return _Meant("zeros", {}) if value == 0 else _Meant("constant", {"value": value})


def _unknown(written: _Written) -> _Meant:
    raise _Other(f"archc has no `{written.kind[:64]}` yet: {_USE}")


_MEANINGS: Mapping[str, Callable[[_Written], _Meant]] = {
    **dict.fromkeys(("henormal", "kaimingnormal", "msra"), _he("normal")),
    **dict.fromkeys(("heuniform", "kaiminguniform"), _he("uniform")),
    **dict.fromkeys(("glorotnormal", "xaviernormal"), _glorot("normal")),
    **dict.fromkeys(("glorotuniform", "xavieruniform"), _glorot("uniform")),
    **dict.fromkeys(("xavier", "glorot"), _xavier),
    "lecunnormal": _lecun("normal"),
    "lecununiform": _lecun("uniform"),
    "variancescaling": _variance_scaling,
    **dict.fromkeys(("normal", "gaussian", "randomnormal"), _normal),
    **dict.fromkeys(("truncatednormal", "truncnormal"), _truncated),
    **dict.fromkeys(("uniform", "randomuniform"), _uniform),
    "orthogonal": _orthogonal,
    **dict.fromkeys(("constant", *_CONSTANTS), _constant),
}
