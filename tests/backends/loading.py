"""Networks whose emitted `load` is tested in both backends: with every op, and with names that a file cannot use.

Weights that all backends save are the same arrays by the same names. So a backend's weights load into the other's file
if both files load a network's arrays, give the same outputs, and save the same arrays again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from op_networks import op_networks
from safetensors.numpy import save_file

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, Unsupported, load
from archc.conformance.computing import random_examples, random_parameters
from archc.conformance.reference import evaluate

ROOT = Path(__file__).parents[2]
ODD = """\
schema: archc/v1
name: odd
input: {x: [12, 10]}
defaults: {dense: {weight_init: {he_normal: {}}}, conv1d: {weight_init: {he_normal: {}}}}
blocks:
  stage:
    takes: [units]
    layers:
      forward: {op: dense, units: $units}
      mean: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
      weight: {op: attention, heads: 3, weight_init: {he_normal: {}}}
layers:
  load: {op: conv1d, filters: 12, kernel: 3, padding: 1, bias: false}
  eval: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  forward: {op: attention, heads: 3, weight_init: {he_normal: {}}}
  stages: [{block: stage, units: 12}, {block: stage, units: 6}]
  mean: {op: lstm, units: 5, gives: sequence, bidirectional: true, weight_init: {he_normal: {}}}
  class: {op: gru, units: 5, bidirectional: true, gives: last, weight_init: {he_normal: {}}}
  train: {op: dense, units: 4}
"""
"""Layers whose names Python, PyTorch or the names of parameters have taken."""


class Loadable(NamedTuple):
    """A network's source with a recipe, the file of its weights, and what the network gives for an input."""

    name: str
    source: EmittedSource
    weights: Path
    arrays: dict[str, Any]
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]


def networks() -> Iterator[tuple[str, Facts]]:
    """All of them, as the language has them."""
    yield "odd", _facts(ODD)
    yield "lenet5", _facts((ROOT / "specs" / "lenet5.yaml").read_text(encoding="utf-8"))
    yield from ((case.name, case.facts) for case in op_networks())


def loadable(backend: str, folder: Path, *, some: bool = False) -> Iterator[Loadable]:
    """The networks that a backend can write, with random weights in a file; only the first for each op, if `some`."""
    random = np.random.default_rng(0)
    for name, facts in networks():
        graph = facts.graph
        if not facts.counts.parameters or (some and name[-1] in "12"):
            continue
        try:
            source = load(backend).emit(Request(graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
        except Unsupported:
            continue
        arrays: dict[str, Any] = {
            f"{node.name}.{key}": value.astype(np.float32)
            for node in graph.nodes
            for key, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
        }
        place = folder / f"{name}.safetensors"
        save_file(arrays, place)
        x: Any = random_examples(graph, random, 2)
        meant = evaluate(graph, {key: value.astype(np.float64) for key, value in arrays.items()}, x)
        ends = graph.fused.inputs if graph.fused is not None else graph.outputs
        inputs = tuple(x.values()) if isinstance(x, dict) else (x,)
        yield Loadable(name, source, place, arrays, inputs, tuple(meant[end] for end in ends))


def assert_alike(case: Loadable, outputs: tuple[Any, ...], saved: dict[str, Any]) -> None:
    """Check that outputs, channels first, are those of the network, to 1e-5, and that saved weights are those read."""
    for found, meant in zip(outputs, case.outputs, strict=True):
        scale = max(1.0, float(np.abs(meant).max()))
        np.testing.assert_allclose(found / scale, meant / scale, atol=1e-5, rtol=0, err_msg=case.name)
    assert saved.keys() == case.arrays.keys(), case.name
    for key, array in saved.items():
        np.testing.assert_array_equal(array, case.arrays[key], err_msg=f"{case.name}: {key}")


def _facts(text: str) -> Facts:
    facts = analyse(text.encode(), "spec.yaml").facts
    assert facts is not None
    return facts
