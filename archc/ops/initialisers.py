"""Other frameworks' initialisers in archc's words: Caffe's fillers, Keras's objects, PyTorch's functions by name.

A form is converted only if none of its options changes the distribution. Otherwise the help says that archc has no
counterpart, and nothing is fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from archc.ops.fields import WeightInit
from archc.ops.foreign import Converted, spelled

_HE = {"henormal", "kaimingnormal", "msra"}
_NORMAL = {"normal", "gaussian", "randomnormal"}
_CONSTANTS = {"zeros": 0, "zero": 0, "ones": 1, "one": 1}
_KINDS = ("type", "class_name", "name")
# Beside the class of a Keras object: where it is from, and what changes no value of it.
_NEEDLESS = ("module", "registered_name", "dtype")
_STD = ("std", "stddev", "sigma", "standard_deviation")

# The options of the same distribution. Caffe's `variance_norm` is a number in a solver that was written by a program.
_FAN_IN = {"mode": ("fan_in",), "variance_norm": ("FAN_IN", 0)}
_ANY_NORMAL = ("normal", "truncated_normal", "untruncated_normal")
_RANDOM = {"seed": (None,), "generator": (None,)}
_OF_HE: Mapping[str, tuple[object, ...]] = {
    **_FAN_IN,
    **_RANDOM,
    "nonlinearity": ("relu", "leaky_relu"),
    "a": (0,),
    "scale": (2,),
    "distribution": _ANY_NORMAL,
}
_OF_NORMAL: Mapping[str, tuple[object, ...]] = {"mean": (0,), "sparse": (-1,), **_RANDOM}
_FAN_OUT = "use `normal: {std: …}`, with the same variance if std is sqrt(2 / fan-out)"
_USE = "use `normal: {std: …}` or `he_normal: {}`"


class _Written(NamedTuple):
    """An initialiser: its kind as it is written, and its options."""

    kind: str
    options: dict[str, object]

    @property
    def word(self) -> str:
        return folded(self.kind)


def folded(kind: str) -> str:
    """A kind without case, underscores and the module before it."""
    return kind.rpartition(".")[2].lower().replace("_", "")


def weights(word: str, values: Mapping[str, Any]) -> Converted | None:
    """An initialiser of weights, under a word for it."""
    value, is_own = values[word], word == "weight_init"
    if type(value) is float and value > 0:
        return Converted({word: ("weight_init", {"normal": {"std": value}})}, certain=False)
    written = _written(value)
    # What is wrong inside archc's own form is reported there.
    if written is None or (is_own and _is_inside(value, written)):
        return None
    if not is_own and isinstance(value, dict) and {*cast(dict[str, object], value)} in ({"normal"}, {"he_normal"}):
        inner = cast(dict[str, object], value)
        if all(isinstance(options, dict) for options in inner.values()) and written.word not in _HE:
            return Converted({word: ("weight_init", inner)})
    init = _weights(written)
    return Converted({word: ("weight_init", init)}) if init else _refused(word, _why_not(written))


def biases(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The first value of biases, under a word for it: a number, or a constant by its name."""
    value = values[word]
    if type(value) in (int, float):
        return Converted({word: ("bias_init", value)})
    written = _written(value)
    if written is None or (word == "bias_init" and isinstance(value, str)):
        return None
    if written.word in _CONSTANTS and not written.options:
        return Converted({word: ("bias_init", _CONSTANTS[written.word])})
    if written.word == "constant" and written.options.keys() <= {"value", "val"}:
        number = next(iter(written.options.values()), 0)
        return Converted({word: ("bias_init", number)}) if type(number) in (int, float) else None
    return _refused(word, f"archc has no `{written.kind[:64]}` for biases yet: write one number, `bias_init: …`")


def bias_value(values: Mapping[str, Any]) -> Converted | None:
    """A value that is written where `bias` takes true or false; 0 and 1 can mean these."""
    value = values["bias"]
    if isinstance(value, str):
        value = _CONSTANTS.get(folded(value))
    elif type(value) not in (int, float) or value in (0, 1):
        return None
    return None if value is None else Converted({"bias": ("bias_init", value)})


def _refused(word: str, help: str) -> Converted:
    return Converted({word: None}, certain=False, help=help)


def _written(value: object) -> _Written | None:
    """An initialiser from its name, `{type: msra}`, `{class_name: HeNormal, config: {}}` or `{msra: {}}`."""
    if isinstance(value, str):
        return _Written(value, {})
    if not isinstance(value, dict):
        return None
    parts = dict(cast(dict[str, object], value))
    kind = next((word for word in _KINDS if isinstance(parts.get(word), str)), None)
    if kind is not None:
        name, config = str(parts.pop(kind)), parts.pop("config", None)
        options = {**parts, **(cast(dict[str, object], config) if isinstance(config, dict) else {})}
        return _Written(name, {option: each for option, each in options.items() if option not in _NEEDLESS})
    if len(parts) != 1:
        return None
    ((name, inner),) = parts.items()
    if type(inner) in (int, float):
        return _Written(name, {"value" if folded(name) == "constant" else "std": inner})
    return _Written(name, cast(dict[str, object], inner)) if isinstance(inner, dict) else _Written(name, {})


def _is_inside(value: object, written: _Written) -> bool:
    """Whether the kind is a name alone, or the key of a mapping and not of the same distribution with options."""
    if isinstance(value, str):
        return True
    inner = cast(dict[str, object], value).get(written.kind) if isinstance(value, dict) else None
    return isinstance(inner, dict) and (written.word not in _HE or not written.options)


def _weights(written: _Written) -> dict[str, object] | None:
    """The same distribution as archc writes it; None if it has none."""
    options = dict(written.options)
    if written.word == "variancescaling":
        is_he = type(options.get("scale")) in (int, float) and _agree(options, _OF_HE)
        return {"he_normal": {}} if is_he else None
    if written.word in _HE:
        return {"he_normal": {}} if _agree(options, _OF_HE) else None
    given = [option for option in _STD if option in options]
    if written.word in _NORMAL and len(given) == 1:
        std = options.pop(given[0])
        return {"normal": {"std": std}} if type(std) in (int, float) and _agree(options, _OF_NORMAL) else None
    return None


def _agree(options: Mapping[str, object], same: Mapping[str, tuple[object, ...]]) -> bool:
    return all(option in same and _is_among(value, same[option]) for option, value in options.items())


def _is_among(value: object, same: tuple[object, ...]) -> bool:
    return not isinstance(value, bool) and value in same


def _why_not(written: _Written) -> str:
    """The help for a distribution that archc does not have."""
    known = _OF_HE if written.word in (*_HE, "variancescaling") else _OF_NORMAL
    wrong = [
        f"{option}: {spelled(value)}"[:64]
        for option, value in written.options.items()
        if option not in _STD and not (option in known and _is_among(value, known[option]))
    ]
    shown = written.kind[:64]
    if written.word in _HE and wrong:
        is_fan_out = any(str(value).lower() == "fan_out" for value in written.options.values())
        use = _FAN_OUT if is_fan_out and len(wrong) == 1 else "use `normal: {std: …}` with its standard deviation"
        return f"archc has no `{shown}` with `{wrong[0]}` yet: {use}"
    if written.word in _NORMAL:
        if wrong:
            return f"archc has no `{shown}` with `{wrong[0]}` yet: use `normal: {{std: …}}`, whose mean is 0"
        return "write `weight_init: {normal: {std: …}}` with the standard deviation"
    remark = next((text for kind, text in WeightInit.absent.items() if folded(kind) == written.word), _USE)
    return f"archc has no `{shown}` yet: {remark}"
