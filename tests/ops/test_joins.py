"""Products, maxima, differences, factors and constants: their shapes, what they refuse, and their words elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixed_layers import fixed_op

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.diagnostics.finding import Finding
from archc.fixing import fix
from archc.language.spec import Parallel
from archc.ops import ops
from archc.ops.op import Op
from archc.ops.shape_error import ShapeError
from archc.passes.placement import place
from archc.tensor import Tensor

HEAD = """schema: archc/v1
name: a
input: {image: [16, 3, 5]}
defaults: {conv2d: {weight_init: {he_normal: {}}}}
layers:
"""
MAPS, GATE, VECTOR, SEQUENCE = Tensor((4, 3, 5)), Tensor((4, 1, 1)), Tensor((4,)), Tensor((4, 7))


def make(**fields: Any) -> Op:
    return ops()[fields["op"]].model_validate(fields)


def findings(layers: str) -> tuple[Finding, ...]:
    return tuple(analyse(f"{HEAD}{layers}\n".encode(), "a.yaml").findings)


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ((MAPS, MAPS), MAPS),
        ((MAPS, GATE), MAPS),
        ((GATE, MAPS), MAPS),
        ((VECTOR, MAPS), MAPS),
        ((VECTOR, GATE, MAPS, MAPS), MAPS),
        ((VECTOR, GATE), GATE),
        ((VECTOR, VECTOR), VECTOR),
        ((SEQUENCE, VECTOR), SEQUENCE),
        ((SEQUENCE, Tensor((4, 1))), SEQUENCE),
    ],
)
def test_what_a_product_repeats(inputs: tuple[Tensor, ...], output: Tensor) -> None:
    op = make(op="multiply")
    assert op.infer(inputs) == output
    values = [np.random.default_rng(at).normal(size=(2, *x.shape)) for at, x in enumerate(inputs)]
    found = op.compute(tuple(values), {})
    assert found.shape == (2, *output.shape)
    for place_ in np.ndindex(found.shape):
        factors = [v[tuple(0 if v.shape[a] == 1 else n for a, n in enumerate(place_[: v.ndim]))] for v in values]
        assert found[place_] == pytest.approx(np.prod(factors))


@pytest.mark.parametrize(
    "inputs",
    [
        (MAPS, Tensor((4, 3, 4))),
        (MAPS, Tensor((3, 3, 5))),
        (MAPS, Tensor((1, 3, 5))),
        (MAPS, Tensor((3, 1, 1))),
        (MAPS, Tensor((5,))),
        (VECTOR, Tensor((1,))),
    ],
)
def test_what_a_product_refuses(inputs: tuple[Tensor, ...]) -> None:
    with pytest.raises(ShapeError) as caught:
        make(op="multiply").infer(inputs)
    assert (caught.value.field, caught.value.code) == ("from", "ARC204")


@pytest.mark.parametrize("op", ["add", "maximum", "subtract"])
def test_inputs_of_another_shape(op: str) -> None:
    for other in (GATE, VECTOR, Tensor((5, 3, 5))):
        with pytest.raises(ShapeError) as caught:
            make(op=op).infer((MAPS, other))
        assert (caught.value.field, caught.value.code) == ("from", "ARC204")


def test_the_order_of_a_difference() -> None:
    x, y = (np.random.default_rng(at).normal(size=(2, 4, 3)) for at in b"12")
    np.testing.assert_array_equal(make(op="subtract").compute((x, y), {}), x - y)


def test_a_mean_and_a_deviation_for_each_map() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    op = make(op="normalize", mean=[0.1, 0.2, 0.3], std=[1, 2, 4])
    expected = np.stack([(x[:, 0] - 0.1), (x[:, 1] - 0.2) / 2, (x[:, 2] - 0.3) / 4], 1)
    np.testing.assert_allclose(op.compute((x,), {}), expected, rtol=1e-14)
    assert op.parameters((Tensor((3, 4, 5)),)) == ()
    assert op.model_dump()["mean"] == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("fields", "help"),
    [
        ("mean: [1, 2], std: 1", "write one number, or a list of 16"),
        ("mean: 0, std: [1]", None),
        ("mean: 0, std: 0", None),
        ("mean: a, std: 1", None),
        ("mean: [], std: 1", None),
        ("mean: [[1]], std: 1", None),
        ("mean: true, std: 1", None),
        ("mean: 1e300, std: 1", None),
    ],
)
def test_numbers_that_cannot_be(fields: str, help: str | None) -> None:
    found = findings(f"  a: {{op: normalize, {fields}}}")
    assert len(found) == (0 if fields == "mean: 0, std: [1]" else 1)
    if help:
        assert found[0].help == help


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("{op: drop_path, drop_prob: 0.25}", {"op": "stochastic_depth", "rate": 0.25}),
        ("{op: StochasticDepth, p: 0.25, mode: row}", {"op": "stochastic_depth", "rate": 0.25}),
        ("{op: stochastic_depth, survival_probability: 0.75}", {"op": "stochastic_depth", "rate": 0.25}),
        ("{op: layer_scale, init_value: 1e-6}", {"op": "scale", "initial": 1e-6, "bias": False}),
        (
            "{op: Scale, filler: {type: constant, value: 1}, bias_term: true}",
            {"op": "scale", "initial": 1.0, "bias": True},
        ),
        ("{op: normalize, mean: 1, variance: 4}", {"op": "normalize", "mean": 1.0, "std": 2.0}),
        ("{op: normalize, mean: 1, stddev: 2}", {"op": "normalize", "mean": 1.0, "std": 2.0}),
        ("{op: nn.LogSoftmax, dim: 1}", {"op": "log_softmax"}),
        ("{op: nn.Softmax2d}", {"op": "softmax", "over": "channels"}),
    ],
)
def test_a_layer_of_another_framework(body: str, fields: dict[str, Any]) -> None:
    assert fixed_op(body).model_dump() == fields


@pytest.mark.parametrize(
    ("written", "op"),
    [
        ("op: Eltwise, operation: PROD", "multiply"),
        ("op: Eltwise, operation: MAX", "maximum"),
        ("op: Eltwise, operation: SUM", "add"),
        ("op: Eltwise", "add"),
        ("op: elemwise_mul", "multiply"),
        ("op: Mul", "multiply"),
        ("op: sub", "subtract"),
        ("op: broadcast_maximum", "maximum"),
    ],
)
def test_a_join_of_another_framework(written: str, op: str) -> None:
    text = f"{HEAD}  a: {{op: tanh}}\n  b: {{{written}, from: [a, image]}}\n"
    facts = analyse(fix(text.encode(), "a.yaml").data, "a.yaml").facts
    assert facts is not None
    assert facts.graph.node("b").op.op == op


def test_a_sum_with_other_coefficients_is_no_sum() -> None:
    found = findings("  a: {op: tanh}\n  b: {op: Eltwise, operation: SUM, coeff: [1, -2], from: [a, image]}")
    assert [finding.help for finding in found] == ["archc has no `Eltwise` with `coeff: [1, -2]` yet"]


@pytest.mark.parametrize(
    ("layers", "gathers"),
    [
        ("  b: {op: stochastic_depth, rate: 0.5}\n", False),
        ("  b: {op: normalize, mean: [0, 1, 2, 3], std: 1}\n", True),  # each rank computes all of it
        ("  b: {op: normalize, mean: 1, std: 2}\n  c: {op: scale, initial: 1}\n", False),
        ("  b: {op: sigmoid}\n  c: {op: multiply, from: [a, b]}\n  d: {op: maximum, from: [a, b, c]}\n", False),
        ("  b: {op: softmax, over: positions}\n  c: {op: subtract, from: [a, b]}\n", False),
    ],
)
def test_columns(layers: str, gathers: bool) -> None:
    facts = analyse(f"{HEAD}  a: {{op: conv2d, filters: 4, kernel: 3}}\n{layers}".encode(), "a.yaml").facts
    assert facts is not None
    placement, _ = place(facts.graph, facts.counts, Parallel(devices=2, strategy="columns"), 4)
    request = Request(facts.graph, facts.counts, facts.recipe, Origin.of("a.yaml", b""), placement)
    # Besides the output.
    assert ("Gather(2, summed=False)" in load("torch").emit(request).text) == gathers
