"""Activations: their values against formulas of the field, and what they are called elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fixed_layers import fixed_op

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.language.spec import Parallel
from archc.ops import ops
from archc.ops.activation import Activation
from archc.passes.gradients import Reduction
from archc.passes.placement import place
from archc.tensor import Tensor

HEAD = "schema: archc/v1\nname: a\ninput: {image: [4, 6, 5]}\nlayers:\n  a: "
FORMULAS: dict[str, tuple[dict[str, Any], Callable[[float], float]]] = {
    "relu": ({"max": 2.0}, lambda x: min(max(x, 0), 2)),
    "sigmoid": ({}, lambda x: 1 / (1 + math.exp(-x))),
    "silu": ({}, lambda x: x / (1 + math.exp(-x))),
    "hard_sigmoid": ({}, lambda x: min(max(x / 6 + 0.5, 0), 1)),
    "hard_swish": ({}, lambda x: x * min(max(x / 6 + 0.5, 0), 1)),
    "leaky_relu": ({"slope": 0.1}, lambda x: max(x, 0.1 * x)),
    "elu": ({"alpha": 0.5}, lambda x: x if x > 0 else 0.5 * (math.exp(x) - 1)),
    "selu": ({}, lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1))),
    "gelu": ({"form": "exact"}, lambda x: x * math.erfc(-x / math.sqrt(2)) / 2),
    "softplus": ({}, lambda x: math.log(1 + math.exp(x))),
    "mish": ({}, lambda x: x * math.tanh(math.log(1 + math.exp(x)))),
    "tanh": ({}, math.tanh),
}
PLACES = [-40.0, -7.0, -3.0, -1.5, -0.1, 0.0, 0.1, 1.0, 1.99, 2.01, 3.0, 6.5, 40.0]


def test_every_activation_has_its_formula() -> None:
    assert FORMULAS.keys() == {name for name, op in ops().items() if issubclass(op, Activation)}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_values_of_the_formula(name: str) -> None:
    fields, formula = FORMULAS[name]
    op = ops()[name].model_validate({"op": name, **fields})
    found = op.compute((np.array([PLACES]),), {})
    np.testing.assert_allclose(found, [[formula(x) for x in PLACES]], rtol=1e-12, atol=1e-14)


def test_the_tanh_form_of_gelu_is_near_the_exact_one() -> None:
    x = np.linspace(-6, 6, 1001)[None]
    exact, near = (ops()["gelu"].model_validate({"op": "gelu", "form": form}) for form in ("exact", "tanh"))
    off = np.abs(exact.compute((x,), {}) - near.compute((x,), {})).max()
    assert 1e-4 < off < 5e-4


@pytest.mark.parametrize("name", [name for name, op in ops().items() if issubclass(op, Activation)])
def test_the_operations_in_words_are_those_that_are_counted(name: str) -> None:
    op = ops()[name]
    assert issubclass(op, Activation)
    fields = {"op": name, **FORMULAS[name][0]}
    if op.element_ops_words.isdigit():
        x = Tensor((3, 5, 7))
        assert op.model_validate(fields).element_ops((x,), x) == int(op.element_ops_words) * x.size


@pytest.mark.parametrize(
    ("body", "op"),
    [
        ("{op: ReLU6}", {"op": "relu", "max": 6.0}),
        ("{op: nn.ReLU6, inplace: true}", {"op": "relu", "max": 6.0}),
        ("{op: ReLU, max_value: 6}", {"op": "relu", "max": 6.0}),
        ("{op: relu, max_value: 6}", {"op": "relu", "max": 6.0}),
        ("{op: relu, max_value: null}", {"op": "relu", "max": None}),
        ("relu6", {"op": "relu", "max": 6.0}),
        ("{op: logistic}", {"op": "sigmoid"}),
        ("{op: nn.SiLU}", {"op": "silu"}),
        ("{op: swish}", {"op": "silu"}),
        ("{op: nn.Hardswish}", {"op": "hard_swish"}),
        ("{op: hard_silu}", {"op": "hard_swish"}),
        ("{op: leaky}", {"op": "leaky_relu", "slope": 0.1}),
        ("{op: LeakyReLU, negative_slope: 0.2}", {"op": "leaky_relu", "slope": 0.2}),
        ("{op: nn.ELU}", {"op": "elu", "alpha": 1.0}),
        ("{op: ELU, alpha: 0.5}", {"op": "elu", "alpha": 0.5}),
        ("{op: nn.GELU}", {"op": "gelu", "form": "exact"}),
        ("{op: nn.GELU, approximate: tanh}", {"op": "gelu", "form": "tanh"}),
        ("{op: GELU, approximate: none}", {"op": "gelu", "form": "exact"}),
        ("{op: gelu, approximate: true}", {"op": "gelu", "form": "tanh"}),
        ("{op: gelu, approximate: false}", {"op": "gelu", "form": "exact"}),
        ("{op: gelu_new}", {"op": "gelu", "form": "tanh"}),
        ("{op: nn.PReLU, num_parameters: 16, init: 0.1}", {"op": "prelu", "shared": False, "initial": 0.1}),
        ("{op: prelu, num_parameters: 1, initial: 0.1}", {"op": "prelu", "shared": True, "initial": 0.1}),
        (
            "{op: PReLU, shared_axes: [1, 2], alpha_initializer: zeros}",
            {"op": "prelu", "shared": False, "initial": 0.0},
        ),
        (
            "{op: PReLU, channel_shared: false, filler: {type: constant, value: 0.25}}",
            {"op": "prelu", "shared": False, "initial": 0.25},
        ),
    ],
)
def test_a_layer_of_another_framework(body: str, op: dict[str, Any]) -> None:
    assert fixed_op(body).model_dump() == op


@pytest.mark.parametrize(
    ("body", "help"),
    [
        ("{op: HardSigmoid}", "did you mean `hard_sigmoid`?"),
        ("{op: HardSigmoid, alpha: 0.2}", "did you mean `hard_sigmoid`?"),
        ("{op: hard_sigmoid, alpha: 0.2}", "delete `alpha`, there is no choice: its slope is 1/6"),
        ("{op: relu, negative_slope: 0.1}", "delete `negative_slope`, and write `op: leaky_relu, slope: 0.1`"),
        ("{op: relu, alpha: 1e-4}", "delete `alpha`, and write `op: leaky_relu, slope: 1e-4`"),
        ("{op: LeakyReLU}", "did you mean `op: leaky_relu, slope: …`?"),
        ("{op: clipped_relu}", "did you mean `relu`?"),
        ("{op: PReLU}", "did you mean `op: prelu, initial: …, shared: …`?"),
    ],
)
def test_what_is_not_certain_is_not_fixed(body: str, help: str) -> None:
    (found,) = analyse(f"{HEAD}{body}\n".encode(), "a.yaml").findings
    assert found.help == help
    assert not found.fix


@pytest.mark.parametrize(
    ("value", "layer"),
    [
        ("relu6", "{op: relu, max: 6}"),
        ("leaky", "{op: leaky_relu, slope: 0.1}"),
        ("leaky_relu", "{op: leaky_relu, slope: …}"),
        ("GELU", "{op: gelu, form: exact}"),
        ("swish", "{op: silu}"),
        ("logistic", "{op: sigmoid}"),
    ],
)
def test_an_activation_in_a_field(value: str, layer: str) -> None:
    body = f"{{op: conv2d, filters: 4, kernel: 3, weight_init: {{he_normal: {{}}}}, activation: {value}}}"
    (found,) = analyse(f"{HEAD}{body}\n".encode(), "a.yaml").findings
    assert found.help is not None
    assert found.help.endswith(f": {layer}` after it")


@pytest.mark.parametrize("shared", [True, False])
def test_slopes_on_two_devices(shared: bool) -> None:
    """A slope for each map goes with its map; one for all is repeated, and its gradients are summed."""
    head = "schema: archc/v1\nname: a\ninput: {image: [4, 6, 5]}\nlayers:\n"
    layers = (
        "  a: {op: conv2d, filters: 8, kernel: 3, weight_init: {he_normal: {}}}\n"
        f"  b: {{op: prelu, initial: 0.25, shared: {str(shared).lower()}}}\n"
    )
    facts = analyse((head + layers).encode(), "a.yaml").facts
    assert facts is not None
    placement, _ = place(facts.graph, facts.counts, Parallel(devices=2, strategy="columns"), 4)
    assert placement.layouts["b"] == "split"
    assert placement.shares["b"].parameters == (1 if shared else 4)
    assert placement.reductions == ((Reduction("b", "parameters", 1),) if shared else ())
    request = Request(facts.graph, facts.counts, facts.recipe, Origin.of("a.yaml", b""), placement)
    text = load("torch").emit(request).text
    assert ("nn.PReLU(4)" in text) == (not shared)
    assert ("over_ranks(model)" in text) == shared
