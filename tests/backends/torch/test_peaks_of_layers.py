"""The predicted peak of a step and of an inference, against what PyTorch allocates, for layers in small networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allocations import as_on_a_gpu, held, peaks, run
from torch import nn

from archc.analysis import Facts, analyse
from archc.graph import Graph
from archc.passes.memory import memory

HEAD = """schema: archc/v1
name: net
input: {image: [4, 16, 20]}
defaults: {conv2d: {kernel: 3, padding: 1}, conv_transpose2d: {filters: 6, kernel: 3, groups: 2}}
layers:
"""
BRANCHES = tuple(f"{name}: {{op: conv2d, filters: 4, from: image}}" for name in ("a", "b", "c"))
CUT = "a: {op: conv_transpose2d, padding: {top: 1, bottom: 0, left: 0, right: 1}}"
NETWORKS = {
    # Three or more inputs are joined two at a time.
    "product of three": (*BRANCHES, "m: {op: multiply, from: [a, b, c]}"),
    "product of four": (*BRANCHES, "m: {op: multiply, from: [a, b, image, c]}"),
    "cube": (BRANCHES[0], "m: {op: multiply, from: [a, a, a]}"),
    "gated product": (*BRANCHES[:2], "g: {op: global_avg_pool}", "m: {op: multiply, from: [g, a, b]}"),
    "largest of three": (*BRANCHES, "m: {op: maximum, from: [a, b, c]}"),
    "sum of four": (*BRANCHES, "m: {op: add, from: [a, b, c, image]}"),
    # The gradient of the image is computed with those of the slopes.
    "slopes of the image": ("a: {op: prelu, initial: 0.25, shared: false}",),
    "slope of the image": ("a: {op: prelu, initial: 0.25, shared: true}",),
    "slopes of maps": (BRANCHES[0], "p: {op: prelu, initial: 0.25, shared: false}"),
    # What is cut off is computed first.
    "cut of the image": (CUT,),
    "cut of maps": (BRANCHES[0], CUT.replace("a:", "d:"), "r: {op: tanh}"),
    "cut and longer": (
        BRANCHES[0],
        CUT.replace("a:", "d:").replace("pad", "stride: 2, output_padding: 1, pad", 1),
    ),
    # The gradient of a view is in the memory of another one, where nothing can be added.
    "turned and not": (BRANCHES[0], "t: {op: permute, axes: [0, 2, 1]}", "p: {op: global_avg_pool, from: a}"),
    "turned twice": (BRANCHES[0], "t: {op: permute, axes: [2, 0, 1]}", "u: {op: permute, axes: [1, 0, 2], from: a}"),
    "turned and shuffled": (BRANCHES[0], "t: {op: permute, axes: [1, 0, 2]}", "u: {op: channel_shuffle, groups: 2}"),
    "parts": (BRANCHES[0], "p: {op: slice, stop: 2}", "q: {op: relu}", "s: {op: add, from: [p, q]}"),
    "part in a pool": (BRANCHES[0], "p: {op: slice, stop: 2}", "q: {op: max_pool2d, kernel: 3, stride: 1}"),
    # The targets of a loss are as many as its outputs: numbers, or one class for each place.
    "numbers": ("a: {op: conv2d, filters: 8}", "r: {op: relu}", "s: {op: conv2d, filters: 8}"),
    "chances": ("a: {op: conv2d, filters: 8}", "r: {op: relu}", "s: {op: conv2d, filters: 8}", "p: {op: sigmoid}"),
    "classes": ("a: {op: conv2d, filters: 8}", "r: {op: relu}", "s: {op: conv2d, filters: 2}", "p: {op: softmax}"),
    # The margin is larger than the maps.
    "small maps": (
        "p: {op: max_pool2d, kernel: [16, 5], stride: 5}",
        "a: {op: conv2d, filters: 9}",
        "n: {op: lrn, size: 5, alpha: 0.1, beta: 0.75, k: 2, scope: spatial}",
    ),
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("which", NETWORKS)
def test_the_peak(build: Callable[[Facts, Graph], nn.Module], which: str, training: bool) -> None:
    spec = HEAD + "".join(f"  {layer}\n" for layer in NETWORKS[which])
    facts = analyse(spec.encode(), "spec.yaml").facts
    assert facts is not None
    model: Any = build(facts, facts.graph)
    as_on_a_gpu(model)
    (measured,) = peaks([run(facts.graph, model, 7, training=training)])
    predicted = memory(facts.graph, batch=7, training=training).peak
    assert held(model, training=training) + measured == pytest.approx(predicted, rel=0.002)
