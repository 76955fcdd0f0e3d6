"""What a spec can ask of weights, how it is written, and the fans of each op against the definition."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from archc.language.schema import json_schema
from archc.ops import ops
from archc.ops.conv1d import Conv1d
from archc.ops.conv2d import Conv2d
from archc.ops.conv_transpose1d import ConvTranspose1d
from archc.ops.conv_transpose2d import ConvTranspose2d
from archc.ops.dense import Dense
from archc.ops.initialisation import HE_NORMAL, WORDS, Distribution, Fans, Kind, WeightInitField
from archc.ops.op import Op
from archc.ops.weighted import Weighted
from archc.tensor import Tensor

FANS = Fans(fan_in=50, fan_out=150)
READ = TypeAdapter[Any](WeightInitField).validate_python

# The variance that each paper gives, or of another distribution its number.
SCALED = [
    ("he_normal", "normal", 2 / 50),
    ({"he_normal": {}}, "normal", 2 / 50),
    ({"he_normal": {"fan": "out"}}, "normal", 2 / 150),
    ({"he_normal": {"fan": "both"}}, "normal", 2 / 100),
    ({"he_normal": {"slope": 0.5}}, "normal", 2 / (1.25 * 50)),
    ({"he_uniform": {"slope": 0.5, "fan": "out"}}, "uniform", 2 / (1.25 * 150)),
    ("he_uniform", "uniform", 2 / 50),
    ("glorot_normal", "normal", 2 / 200),
    ("glorot_uniform", "uniform", 2 / 200),
    ({"glorot_uniform": {"fan": "in"}}, "uniform", 1 / 50),
    ({"glorot_normal": {"gain": 3, "fan": "out"}}, "normal", 9 / 150),
    ("lecun_normal", "normal", 1 / 50),
    ("lecun_uniform", "uniform", 1 / 50),
]
OTHERS = [
    ({"normal": {"std": 0.01}}, Distribution("normal", 0.01)),
    ({"normal": {"std": 1}}, Distribution("normal", 1)),
    ({"truncated_normal": {"std": 0.02}}, Distribution("truncated_normal", 0.02)),
    ({"uniform": {"limit": 0.05}}, Distribution("uniform", 0.05)),
    ("orthogonal", Distribution("orthogonal", 1)),
    ({"orthogonal": {"gain": 1.5}}, Distribution("orthogonal", 1.5)),
    ({"constant": {"value": -0.1}}, Distribution("constant", -0.1)),
    ("zeros", Distribution("constant", 0)),
    ({"zeros": {}}, Distribution("constant", 0)),
]


@pytest.mark.parametrize(("written", "kind", "variance"), SCALED)
def test_the_variance_of_a_distribution_that_depends_on_fans(written: object, kind: str, variance: float) -> None:
    found = READ(written).distribution(FANS)
    of_kind = variance if kind == "normal" else 3 * variance
    assert (found.kind, found.number) == (kind, pytest.approx(of_kind**0.5))


@pytest.mark.parametrize(("written", "distribution"), OTHERS)
def test_other_distributions(written: object, distribution: Distribution) -> None:
    assert READ(written).distribution(FANS) == distribution


@pytest.mark.parametrize("written", [*(written for written, *_ in SCALED), *(written for written, _ in OTHERS)])
def test_what_is_read_is_written_in_its_shortest_form(written: Any) -> None:
    read = READ(written)
    assert READ(read.written()) == read
    kind = written if isinstance(written, str) else next(iter(written))
    assert read.written() == ({kind: {}} if isinstance(written, str) else written)


def test_words_alone_are_those_without_required_options() -> None:
    assert [READ(word).kind for word in WORDS] == [*WORDS]
    assert READ("he_normal") == HE_NORMAL


@pytest.mark.parametrize(
    "written",
    [
        *(None, {}, [], "normal", "constant", "uniform", "he", 1, 0.5, True),
        *({"normal": {}}, {"normal": {"std": 0}}, {"normal": {"std": 1e-39}}, {"normal": {"std": 1e39}}),
        *({"normal": {"std": True}}, {"normal": {"std": float("nan")}}, {"normal": {"std": 1, "mean": 0}}),
        *({"normal": {"std": 1}, "he_normal": {}}, {"he_normal": {}, "zeros": {}}, {"he_normal": None}),
        *({"he_normal": {"fan": "fan_in"}}, {"he_normal": {"slope": -1}}, {"glorot_normal": {"gain": 0}}),
        *({"lecun_normal": {"fan": "out"}}, {"zeros": {"value": 0}}, {"uniform": {"limit": -1}}, {"ones": {}}),
    ],
)
def test_what_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        READ(written)


def test_the_schema_lists_every_distribution() -> None:
    made = json_schema()["definitions"]
    words, forms = made["dense"]["properties"]["weight_init"]["anyOf"]
    named = made[forms["$ref"].rpartition("/")[2]]["properties"]
    assert set(words["enum"]) == set(WORDS)
    assert [*named] == [*get_args(Kind)]
    assert all(field["description"] for field in named.values())


CASES: list[tuple[Op, tuple[int, ...], tuple[int, ...]]] = [
    (Conv1d.model_validate({"op": "conv1d", "filters": 6, "kernel": 3, "padding": 1, "groups": 2}), (4, 9), (4,)),
    (
        Conv1d.model_validate({"op": "conv1d", "filters": 6, "kernel": 3, "padding": "causal", "dilation": 2}),
        (4, 9),
        (4,),
    ),
    (Dense(op="dense", units=7), (5,), (2,)),
    (Conv2d.model_validate({"op": "conv2d", "filters": 6, "kernel": 3, "padding": 1}), (4, 7, 7), (3, 3)),
    (
        Conv2d.model_validate({"op": "conv2d", "filters": 6, "kernel": [3, 5], "padding": [1, 2], "groups": 2}),
        (4, 7, 9),
        (3, 4),
    ),
    (Conv2d.model_validate({"op": "conv2d", "filters": 8, "kernel": 3, "padding": 1, "groups": 4}), (4, 7, 7), (3, 3)),
    (
        ConvTranspose2d.model_validate(
            {"op": "conv_transpose2d", "filters": 6, "kernel": [3, 5], "padding": [1, 2], "groups": 2}
        ),
        (4, 7, 9),
        (3, 4),
    ),
    (
        ConvTranspose1d.model_validate(
            {"op": "conv_transpose1d", "filters": 6, "kernel": 5, "padding": 2, "groups": 2}
        ),
        (4, 9),
        (4,),
    ),
]


@pytest.mark.parametrize(("op", "shape", "middle"), CASES, ids=lambda case: str(case)[:40])
def test_fans_are_counted_in_what_the_op_computes(op: Op, shape: tuple[int, ...], middle: tuple[int, ...]) -> None:
    """Far from the edges: how many inputs change an output, and how many outputs an input changes."""
    x = Tensor(shape)
    weight, *_ = op.parameters((x,))
    weights = {p.name: np.ones(p.shape) for p in op.parameters((x,))}
    at = (slice(None), 0, *middle) if len(shape) > 1 else (slice(None), *middle)
    units = np.eye(x.size).reshape(x.size, *shape)
    zero = op.compute((np.zeros((1, *shape)),), weights)
    changed = op.compute((units,), weights) != zero
    counted = np.count_nonzero(changed[at]), np.count_nonzero(changed[np.ravel_multi_index(at[1:], shape)])
    # Those of a transposed convolution are of the convolution that it transposes.
    assert counted == ((weight.fan_out, weight.fan_in) if op.weight_axis else (weight.fan_in, weight.fan_out))


SEVERAL = {"attention", "lstm", "gru"}
"""Ops that apply several weights one after the other: tests/ops/test_sequences.py."""


def test_the_fans_of_every_op_with_drawn_weights_are_counted() -> None:
    assert {name for name, op in ops().items() if issubclass(op, Weighted)} - SEVERAL == {op.op for op, *_ in CASES}
