"""The norms of layers from the squares of their parameters."""

from __future__ import annotations

import math

import pytest

from archc.training.norms import GradientNorms
from archc.training.record import Record


def test_a_layer_has_all_its_parameters_also_those_of_layers_inside() -> None:
    norms = GradientNorms(every=2, layers=("conv", "block.0.attn", "block.0", "fc"))
    squares = {"block.0.attn.qkv.weight": 9.0, "fc.weight": 0.0, "conv.weight": 1e300, "block.0.attn.out.bias": 16.0}
    found = norms.by_layer(squares)
    assert found == {"conv": 1e150, "block.0.attn": 5.0, "block.0": 0.0, "fc": 0.0}
    assert list(found) == list(norms.layers)


@pytest.mark.parametrize(("every", "steps"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [1, 3, 6]), (50, [1])])
def test_the_steps_in_which_they_are_recorded(every: int, steps: list[int]) -> None:
    norms = GradientNorms(every=every, layers=("fc",))
    assert [step for step in range(1, 8) if norms.wants(step)] == steps


def test_values_inside_that_are_not_finite_are_null(tmp_path) -> None:
    with Record(tmp_path) as record:
        record.write(event="gradients", norms={"conv": math.inf, "fc": 0.5})
    assert (tmp_path / "metrics.jsonl").read_text() == '{"event": "gradients", "norms": {"conv": null, "fc": 0.5}}\n'
