"""How each kind of initialisation is written in Keras: the arguments of a layer that draw its weights and biases.

Keras' own normal initialisers, such as GlorotNormal, are truncated, so they are not those of the language.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from archc.emit.plan import Step
from archc.emit.syntax import Argument, Call, Expression, Literal, Unless, Unpacked, call, number
from archc.ops.initialisation import Distribution, Fans, WeightInit, usual_fan
from archc.ops.properties import Parameter
from archc.ops.weighted import Initialised, Weighted

_MODES = {"in": "fan_in", "out": "fan_out", "both": "fan_avg"}
_OWN: dict[tuple[str, float], str] = {
    ("he_uniform", 2): "HeUniform",
    ("glorot_uniform", 1): "GlorotUniform",
    ("lecun_uniform", 1): "LecunUniform",
}
"""Keras' initialisers that are those of the language, by the kind and the numerator of its variance."""


def initialisers(op: Weighted, step: Step) -> tuple[Argument, ...]:
    """The arguments for the weights and the bias of a layer; the bias is 0 by default."""
    bias = number(op.bias_init) if op.bias else 0
    # As keywords: checkers infer from the defaults of Keras that an initializer is a string.
    start = _common(op.weight_init) or call("drawn", drawn(op, step))
    added = Argument(Literal(bias), "bias", default=Literal(0))
    return (Argument(Unpacked(replace(start, arguments=(*start.arguments, added)))),)


def untyped(**options: Expression | Unless) -> Unpacked:
    """Options as keywords: checkers infer from the defaults of Keras that they are strings or numbers."""
    return Unpacked(call("untyped", **options))


def drawn(op: Initialised, step: Step, weight: Parameter | None = None) -> Call:
    """The initialiser of one of a layer's weights; of the first one if none is given."""
    weight = weight or op.drawn(step.inputs)[0]
    init = op.init_of(weight)
    fans = Fans(weight.fan_in, weight.fan_out)
    # Only of these does Keras take the fans from the shape in the same way.
    scaled = _scaled(init, fans, weight.shape) if isinstance(op, Weighted) else None
    return scaled or _plain(init.distribution(fans))


def _common(init: WeightInit) -> Call | None:
    """The snippet that has the initialisers of both the weights and the bias, for the kinds that have one."""
    if init.kind == "normal":
        return call("normal", init.number)
    is_he = init.kind == "he_normal" and (init.number, init.fan) == (0, "in")
    return call("he") if is_he else None


def _scaled(init: WeightInit, fans: Fans, shape: tuple[int, ...]) -> Call | None:
    """A distribution whose variance depends on the fans, which Keras takes from the shape; None for others."""
    if init.scaled is None:
        return None
    form, scale, fan = init.scaled
    # Keras does not regard groups: where its fan differs, the scale makes up for it.
    outputs, inputs, *window = shape
    of_keras = Fans(inputs * prod(window), outputs * prod(window)).of(fan)
    scale *= of_keras / fans.of(fan)
    own = _OWN.get((init.kind, scale))
    if own is not None and fan == usual_fan(init.kind):
        return call(f"keras.initializers.{own}")
    name = "untruncated_normal" if form == "normal" else "uniform"
    return call("keras.initializers.VarianceScaling", number(scale), _MODES[fan], name)


def _plain(distribution: Distribution) -> Call:
    kind, value = distribution
    match kind:
        case "uniform":
            return call("keras.initializers.RandomUniform", -value, value)
        case "truncated_normal":
            return call("keras.initializers.TruncatedNormal", stddev=number(value))
        case "orthogonal":
            return call("keras.initializers.Orthogonal", gain=Unless(1, number(value)))
        case "constant":
            return call("keras.initializers.Constant", number(value)) if value else call("keras.initializers.Zeros")
        case "normal":
            return call("keras.initializers.RandomNormal", stddev=number(value))
