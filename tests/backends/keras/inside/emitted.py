"""What is emitted, built by Keras on any backend: names, counts, shapes and beginnings as the spec says, values as the
reference's."""

from __future__ import annotations

import math
import os
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.names import path_of

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.conformance.computing import random_examples
from archc.conformance.reference import evaluate
from archc.ops.initialisation import Fans
from archc.ops.weighted import Initialised, Weighted

ROOT = Path(__file__).parents[4]
ALEXNET = ROOT / "specs" / "alexnet.yaml"
ON_TENSORFLOW = os.environ["KERAS_BACKEND"] == "tensorflow"
NEAR = 1e-10 if ON_TENSORFLOW else 1e-4
"""Elsewhere Keras multiplies matrices in float32, whatever it is told."""
ORIGIN = Origin.of("spec.yaml", b"")
SHIPPED = sorted((ROOT / "specs").glob("*.yaml")) if ON_TENSORFLOW else []
SMALL = sorted((ROOT / "tests" / "specs" / "good").glob("*.yaml"))


def facts_of(spec: Path) -> Facts:
    facts = analyse(spec.read_bytes(), spec.name).facts
    assert facts is not None
    return facts


def build(facts: Facts, folder: Path) -> Any:
    """The emitted source's model."""
    source = load("keras").emit(Request(facts.graph, facts.counts, facts.recipe, ORIGIN))
    file = folder / "emitted.py"
    file.write_text(source.text, encoding="utf-8")
    spec = spec_from_file_location("emitted", file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, source.class_name)()


def values(model: Any, facts: Facts, x: Any) -> dict[str, Any]:
    """Each layer's value for examples with their channels first, its own channels first too."""
    import keras

    there = {path_of(layer.name): layer for layer in model.layers}
    names = [node.name for node in facts.graph.nodes if node.name in there]
    found = keras.Model(model.inputs[0], [there[name].output for name in names])(np.moveaxis(x, 1, -1))
    arrays: list[Any] = list(map(keras.ops.convert_to_numpy, found))
    return {name: np.moveaxis(array, -1, 1) for name, array in zip(names, arrays, strict=True)}


@pytest.mark.parametrize("spec", [*SHIPPED, *SMALL], ids=lambda spec: spec.stem)
def test_what_is_held_and_how_it_begins(spec: Path, tmp_path: Path) -> None:
    counts = facts_of(spec).counts
    model = build(facts_of(spec), tmp_path)
    biases = [weight for weight in model.trainable_weights if weight.name in ("bias", "beta")]
    assert counts.biases == sum(math.prod(weight.shape) for weight in biases)
    assert counts.parameters == sum(math.prod(weight.shape) for weight in model.trainable_weights)
    assert counts.statistics == sum(math.prod(weight.shape) for weight in model.non_trainable_weights)
    assert_begun(facts_of(spec), model)


def assert_begun(facts: Facts, model: Any) -> None:
    """Means and deviations within five standard errors of what the spec asks for; biases exactly."""
    from archc_keras.weights import canonical

    weights = canonical(model)
    for node in facts.graph.nodes:
        inputs = facts.graph.tensors(node.inputs)
        drawn = node.op.drawn(inputs) if isinstance(node.op, Initialised) else ()
        for parameter in node.op.parameters(inputs):
            value = weights.pop(f"{node.name}.{parameter.name}")
            assert value.shape == parameter.shape
            if isinstance(node.op, Initialised) and parameter in drawn:
                start = node.op.init_of(parameter).distribution(Fans(parameter.fan_in, parameter.fan_out))
                if start.kind in ("constant", "orthogonal"):  # initialisers.py
                    continue
                # The number is the limit of a uniform distribution; a normal one cut off at two deviations is narrower.
                narrower = {"uniform": 3**-0.5, "truncated_normal": 0.8796256610342398}
                deviation = start.number * narrower.get(start.kind, 1)
                assert abs(value.mean()) < 5 * deviation / value.size**0.5, node.name
                assert value.std() == pytest.approx(deviation, rel=5 / (2 * value.size) ** 0.5), node.name
            elif isinstance(node.op, Weighted):
                np.testing.assert_array_equal(value, np.asarray(node.op.bias_start(parameter), np.float32), node.name)
            else:
                np.testing.assert_array_equal(value, np.full(parameter.shape, parameter.initial, value.dtype))
    assert not weights


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("spec", SMALL, ids=lambda spec: spec.stem)
def test_every_layer_computes_what_the_language_says(spec: Path, tmp_path: Path) -> None:
    from archc_keras.weights import canonical

    facts = facts_of(spec)
    model = build(facts, tmp_path)
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:  # all beginning alike would hide a bias in the wrong place
        variable.assign(random.normal(scale=0.2, size=variable.shape).astype(np.float32))
    x: Any = random_examples(facts.graph, random, 3)
    expected = evaluate(facts.graph, canonical(model), x)
    found = values(model, facts, x)
    fused = {facts.graph.outputs[0]} if facts.graph.nodes[-1].op.op == "softmax" else set[str]()
    assert {node.name for node in facts.graph.nodes} - found.keys() <= fused
    for name, value in found.items():
        assert value.shape[1:] == facts.graph.tensor(name).shape
        np.testing.assert_allclose(value, expected[name], rtol=NEAR, atol=NEAR, err_msg=name)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("rounding", ["floor", "ceil"])
def test_pools_of_any_size_on_a_small_map(rounding: str, tmp_path: Path) -> None:
    """Larger ones than the map too, where the size rule allows them."""
    grid = product(range(1, 9), range(1, 5), range(3))
    layers = {
        f"pool_{kernel}_{stride}_{padding}": f"{{op: max_pool2d, from: image, kernel: {kernel}, stride: {stride}, "
        f"padding: {padding}, rounding: {rounding}}}"
        for kernel, stride, padding in grid
        if padding < kernel and 3 + 2 * padding - kernel > (-stride if rounding == "ceil" else -1)
    }
    spec = tmp_path / "pools.yaml"
    text = "schema: archc/v1\nname: pools\ninput: {image: [2, 3, 3]}\nlayers:\n"
    spec.write_text(text + "".join(f"  {name}: {layer}\n" for name, layer in layers.items()), encoding="utf-8")
    facts = facts_of(spec)
    x = np.random.default_rng(0).normal(size=(2, 2, 3, 3))
    expected = evaluate(facts.graph, {}, x)
    found = values(build(facts, tmp_path), facts, x)
    assert found.keys() == layers.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, expected[name], rtol=NEAR, atol=NEAR, err_msg=name)


def test_alexnet(tmp_path: Path) -> None:
    from archc_keras.weights import canonical

    facts = facts_of(ALEXNET)
    model = build(facts, tmp_path)
    x = np.random.default_rng(0).normal(scale=60, size=(2, 3, 227, 227)).astype(np.float32)
    weights = canonical(model)
    expected = evaluate(facts.graph, weights, x.astype(np.float64))
    for name, value in values(model, facts, x).items():
        scale = np.abs(expected[name]).max()
        np.testing.assert_allclose(value, expected[name], atol=1e-5 * scale, err_msg=name)
    probabilities = model.predict(x.transpose(0, 2, 3, 1), verbose=0)
    np.testing.assert_allclose(probabilities, expected["prob"], atol=1e-5)
    first, second = weights["fc6.weight"].ravel()[:100], weights["fc7.weight"].ravel()[:100]
    assert not np.array_equal(first, second), "each layer draws for itself"


def test_predict_evaluates(tmp_path: Path) -> None:
    """Without dropout, by the moving statistics, which it does not move; as a call does outside a training step."""
    import keras

    text = """schema: archc/v1
name: drop
input: {image: [3, 8, 8]}
defaults: {dense: {weight_init: {he_normal: {}}}}
layers:
  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  flat: {op: flatten}
  fc1: {op: dense, units: 64}
  drop1: {op: dropout, rate: 0.5}
  fc2: {op: dense, units: 10}
  prob: {op: softmax}
"""
    facts = analyse(text.encode(), "drop.yaml").facts
    assert facts is not None
    model = build(facts, tmp_path)
    x = np.random.default_rng(0).normal(3, 2, size=(4, 8, 8, 3)).astype(np.float32)
    before = [keras.ops.convert_to_numpy(value) for value in model.variables]
    first, second = (model.predict(x, verbose=0) for _ in "ab")
    np.testing.assert_array_equal(first, second)
    logits = keras.ops.convert_to_numpy(keras.ops.softmax(model(x)))
    np.testing.assert_allclose(first, logits, rtol=1e-5, atol=1e-6)
    for value, old in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(value), old)
