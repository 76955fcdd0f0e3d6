"""How each kind of initialisation is written in PyTorch: a call that draws a layer's weights and fills its biases."""

from __future__ import annotations

from math import prod

from archc.emit.plan import Initialisation
from archc.emit.syntax import Call, Literal, Name, Unless, call, number
from archc.ops.initialisation import CUT, Distribution, Fans
from archc_torch.parameters import in_torch

SNIPPETS = {
    kind: kind
    for kind in (
        *("normal", "truncated_normal", "uniform", "he_normal", "he_uniform", "glorot_normal", "glorot_uniform"),
        *("lecun_normal", "lecun_uniform", "orthogonal", "constant", "variance_scaling"),
    )
}
"""The functions that are called, each with its snippet."""

Options = dict[str, float | Literal | Unless]


def begin(layer: Initialisation, module: Name) -> Call:
    """The call that initialises a layer of the network, or its part at `place`, whose module has this name."""
    if not layer.may_have_bias:
        return _of_weight(_weight(layer, module), layer.weights.distribution(layer.fans))
    function, options = _scaled(layer) or _plain(layer.weights.distribution(layer.fans))
    bias = {} if layer.bias is None else {"bias": number(layer.bias)}
    return call(function, module, **options, **bias)


def inline(layer: Initialisation, module: Name) -> tuple[Call, ...] | None:
    """PyTorch's own functions for the weights and the bias of a layer; None for what it has no function for."""
    weight, scaled = _weight(layer, module), layer.weights.scaled
    if scaled is None or not layer.may_have_bias:
        drawn = _of_weight(weight, layer.weights.distribution(layer.fans))
    elif layer.weights.kind.startswith("he") and layer.weights.fan == "in" and layer.weights.number == 0:
        drawn = call(f"nn.init.kaiming_{scaled.shape}_", weight, nonlinearity="relu")
    else:
        return None
    if layer.bias is None:
        return (drawn,)
    bias, value = Name(f"{module.text}.bias"), number(layer.bias)
    return drawn, call("nn.init.constant_", bias, value) if value else call("nn.init.zeros_", bias)


def _weight(layer: Initialisation, module: Name) -> Name:
    """The weight within its module, which is inside of the layer's own if the weight has a `place`."""
    return Name(f"{module.text}.{in_torch(layer.weight.rpartition('.')[2])}")


def _scaled(layer: Initialisation) -> tuple[str, Options] | None:
    """A distribution whose variance depends on the fans, which the function takes from the layer.

    None for others, and for a part of a layer, which does not know the fan-out of the whole.
    """
    weights = layer.weights
    if weights.scaled is None or (layer.is_part and weights.fan != "in"):
        return None
    family = weights.kind.partition("_")[0]
    if family == "glorot" and weights.fan == "both" and layer.fans == _of_pytorch(layer):
        return weights.kind, {"gain": Unless(1, number(weights.number))}
    if weights.fan == "in" and (family == "lecun" or (family == "he" and weights.number == 0)):
        return weights.kind, {}
    shape, scale, fan = weights.scaled
    return "variance_scaling", {
        "scale": number(scale),
        "fan": Literal(fan),
        "distribution": Unless("normal", shape),
    }


def _plain(distribution: Distribution) -> tuple[str, Options]:
    kind, value = distribution
    option = {"normal": "std", "truncated_normal": "std", "uniform": "limit", "constant": "value", "orthogonal": "gain"}
    return kind, {option[kind]: Unless(1, number(value)) if kind == "orthogonal" else number(value)}


def _of_weight(weight: Name, distribution: Distribution) -> Call:
    """PyTorch's own function, for a layer without biases to fill."""
    kind, value = distribution
    value = number(value)
    match kind:
        case "normal":
            return call("nn.init.normal_", weight, std=value)
        case "truncated_normal":
            return call("nn.init.trunc_normal_", weight, std=value, a=-CUT * value, b=CUT * value)
        case "uniform":
            return call("nn.init.uniform_", weight, -value, value)
        case "orthogonal":
            return call("nn.init.orthogonal_", weight, gain=Unless(1, value))
        case "constant":
            return call("nn.init.constant_", weight, value)


def _of_pytorch(layer: Initialisation) -> Fans:
    """The fans that `torch.nn.init` takes from the shape of the weights, without regard to groups."""
    outputs, inputs, *window = layer.shape
    return Fans(inputs * prod(window), outputs * prod(window))
