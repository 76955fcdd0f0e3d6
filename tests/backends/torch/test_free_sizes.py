"""Emitted models of networks whose sizes are free: applied at sizes other than the usual one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, Unsupported, load
from archc.conformance.reference import evaluate
from archc.passes.free_sizes import Refusal, inferred_at

HEAD = """schema: archc/v1
name: free
input: {image: [2, null, null]}
defaults: {conv2d: {weight_init: {he_normal: {}}}}
train:
  batch: 1
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.1, momentum: 0, weight_decay: 0}}
  data: {resize: 40, crop: 32, mirror: false, mean: none}
  test: center
layers:
"""
LAYERS = """  conv1: {op: conv2d, filters: 4, kernel: 3, stride: 2, padding: 1}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 2, stride: 2}
  conv2: {op: conv2d, filters: 3, kernel: 3}
"""


def emitted(layers: str) -> tuple[Facts, EmittedSource]:
    facts = analyse((HEAD + layers).encode(), "free.yaml").facts
    assert facts is not None and facts.free is not None
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin("free.yaml", "0" * 64)))
    return facts, source


@pytest.mark.parametrize("size", [(11, 11), (32, 32), (33, 50), (64, 17)])
def test_the_emitted_model_at_any_size(size: tuple[int, int]) -> None:
    facts, source = emitted(LAYERS)
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]().double().eval()
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    x = np.random.default_rng(0).standard_normal((2, 2, *size))
    found = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(found, evaluate(facts.graph, weights, x)["conv2"], rtol=1e-12, atol=1e-12)
    shapes = inferred_at(facts.graph, dict(zip("HW", size, strict=True)))
    assert not isinstance(shapes, Refusal)
    assert found.shape[1:] == shapes["conv2"].shape
    assert "# 3 x floor((H - 7) / 4) x floor((W - 7) / 4)" in source.text


def test_padding_that_depends_on_the_size_is_refused() -> None:
    with pytest.raises(Unsupported, match="conv1 needs different code at each free size"):
        emitted("  conv1: {op: conv2d, filters: 4, kernel: 3, stride: 2, padding: same}\n")


@pytest.mark.parametrize("stride", [2, 3, 4])
def test_padding_that_depends_on_a_size_one_pixel_more_does_not_change_is_refused(stride: int) -> None:
    with pytest.raises(Unsupported, match="conv2 needs different code at each free size"):
        emitted(
            f"  pool1: {{op: max_pool2d, kernel: {stride}, stride: {stride}}}\n"
            "  conv2: {op: conv2d, filters: 4, kernel: 3, stride: 2, padding: same}\n"
        )


def test_padding_is_the_same_at_each_size_that_the_input_can_have() -> None:
    """Twice as many rows are always an even number."""
    _, source = emitted(
        "  up1: {op: upsample, factor: 2, mode: nearest}\n"
        "  conv1: {op: conv2d, filters: 4, kernel: 3, stride: 2, padding: same}\n"
    )
    assert "ZeroPad2d((0, 1, 0, 1))" in source.text
