"""What the emitted models give: how weights begin, logits and probabilities, gradients. Values: test_conformance.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from archc_torch.parameters import in_torch
from archc_torch.reserved import RESERVED
from archc_torch.weights import canonical
from torch import Tensor, nn

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.conformance.computing import random_examples
from archc.conformance.reference import evaluate
from archc.graph import Graph
from archc.ops.initialisation import Fans
from archc.ops.weighted import Initialised, Weighted

HERE = Path(__file__).parent
ALEXNET = HERE.parents[2] / "specs" / "alexnet.yaml"
ORIGIN = Origin.of("spec.yaml", b"")
OWN = sorted((HERE / "specs").glob("*.yaml"))
GOOD = sorted((HERE.parents[1] / "specs" / "good").glob("*.yaml"))

Build = Callable[[Facts, Graph], nn.Module]


def facts_of(text: bytes) -> Facts:
    facts = analyse(text, "spec.yaml").facts
    assert facts is not None
    return facts


@pytest.fixture(scope="module", params=[*OWN, *GOOD], ids=lambda spec: f"{spec.parent.name}-{spec.stem}")
def small(request: pytest.FixtureRequest, build: Build) -> tuple[Facts, nn.Module]:
    facts = facts_of(request.param.read_bytes())
    return facts, build(facts, facts.graph).eval()


@pytest.fixture(scope="module")
def alexnet(build: Build) -> tuple[Facts, nn.Module]:
    facts = facts_of(ALEXNET.read_bytes())
    return facts, build(facts, facts.graph).eval()


def pictures(facts: Facts, count: int, dtype: torch.dtype = torch.float32) -> Tensor:
    x: Any = torch.from_numpy(random_examples(facts.graph, np.random.default_rng(0), count))
    return x.to(dtype) if x.is_floating_point() else x


def identifiers(facts: Facts) -> Mapping[str, str]:
    """Each layer's name in the emitted file."""
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, ORIGIN))
    return {node.name: source.renamed.get(node.name, node.name) for node in facts.graph.nodes}


def test_the_model_gives_what_its_outputs_say(small: tuple[Facts, nn.Module]) -> None:
    facts, model = small
    with torch.inference_mode():
        given: Any = model(pictures(facts, 3))
    values = given if isinstance(given, tuple) else (given,)
    assert [tuple(value.shape[1:]) for value in values] == [facts.graph.tensor(n).shape for n in facts.graph.outputs]
    ends = [facts.graph.node(name).op.op for name in facts.graph.outputs]
    assert hasattr(model, "predict") == (ends == ["softmax"])
    if ends == ["softmax"]:
        _assert_logits_and_probabilities(facts, model)


def test_alexnet(alexnet: tuple[Facts, nn.Module]) -> None:
    facts, model = alexnet
    assert sum(p.numel() for p in model.parameters()) == 60_965_224
    shapes: dict[str, tuple[int, ...]] = {}

    def told(name: str) -> Callable[..., None]:
        return lambda _, __, y: shapes.update({name: tuple(y.shape[1:])})

    for name, layer in model.named_children():
        layer.register_forward_hook(told(name))
    _assert_logits_and_probabilities(facts, model)
    assert shapes == {node.name: node.output.shape for node in facts.graph.nodes if node.name != "prob"}


def _assert_logits_and_probabilities(facts: Facts, model: Any) -> None:
    with torch.inference_mode():
        logits, probabilities = model(pictures(facts, 2)), model.predict(pictures(facts, 2))
    assert (logits.min() < 0) or (logits.max() > 1)
    torch.testing.assert_close(probabilities, logits.softmax(1))
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2, *logits.shape[2:]))


def _assert_begun(facts: Facts, model: nn.Module) -> None:
    """Means and deviations within five standard errors of what the spec asks for; biases exactly."""
    total = 0
    for name, identifier in identifiers(facts).items():
        node = facts.graph.node(name)
        if not node.op.parameters(facts.graph.tensors(node.inputs)):
            continue
        module: Any = model.get_submodule(identifier)
        total += sum(p.numel() for p in module.parameters())
        if not isinstance(node.op, Initialised):
            for parameter in node.op.parameters(facts.graph.tensors(node.inputs)):
                value = getattr(module, in_torch(parameter.name))
                assert parameter.initial is not None
                torch.testing.assert_close(value, torch.full(parameter.shape, float(parameter.initial)))
            continue
        state = module.state_dict()
        for weight in node.op.drawn(facts.graph.tensors(node.inputs)):
            value = state[in_torch(weight.name)]
            drawn = node.op.init_of(weight).distribution(Fans(weight.fan_in, weight.fan_out))
            assert value.shape == weight.shape
            if drawn.kind in ("constant", "orthogonal"):  # test_initialisers.py
                continue
            # Of a uniform distribution, the number is its limit.
            deviation = drawn.number / 3**0.5 if drawn.kind == "uniform" else drawn.number
            assert abs(value.mean().item()) < 5 * deviation / value.numel() ** 0.5
            assert value.std().item() == pytest.approx(deviation, rel=5 / (2 * value.numel()) ** 0.5)
        biases = {name: value for name, value in state.items() if "bias" in name}
        if isinstance(node.op, Weighted):
            assert bool(biases) == node.op.bias
            starts = [node.op.bias_start(p) for p in node.op.parameters(facts.graph.tensors(node.inputs)) if p.is_bias]
            for value, start in zip(biases.values(), starts, strict=True):
                np.testing.assert_array_equal(value, np.asarray(start, np.float32))
    assert total == sum(p.numel() for p in model.parameters()) == facts.counts.parameters


def test_how_the_weights_begin(small: tuple[Facts, nn.Module]) -> None:
    _assert_begun(*small)


def test_how_the_weights_of_alexnet_begin(alexnet: tuple[Facts, nn.Module]) -> None:
    _assert_begun(*alexnet)


@pytest.mark.parametrize("small", OWN, ids=lambda spec: spec.stem, indirect=True)
def test_weights_are_drawn_anew(small: tuple[Facts, nn.Module]) -> None:
    model: Any = small[1]
    before = [p.clone() for p in model.parameters() if p.ndim > 1]
    model.reset_parameters()
    assert all((p != old).any() for p, old in zip((p for p in model.parameters() if p.ndim > 1), before, strict=True))


@pytest.mark.parametrize("small", OWN, ids=lambda spec: spec.stem, indirect=True)
def test_gradients_reach_every_weight(small: tuple[Facts, nn.Module]) -> None:
    facts, model = small
    outputs = model(pictures(facts, 4))
    total = sum(value.square().mean() for value in (outputs if isinstance(outputs, tuple) else (outputs,)))
    assert isinstance(total, Tensor)
    model.zero_grad()
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_no_layer_may_hide_what_pytorch_s_modules_have() -> None:
    there = {name for kind in (nn.Module(), nn.Sequential()) for name in dir(kind) if not name.startswith("_")}
    assert there <= RESERVED


def test_layers_called_like_everything_that_is_reserved(build: Build) -> None:
    names = [name for name in sorted(RESERVED) if name[0].isalpha()]
    ops = ("{op: relu}", "{op: lrn, size: 3, alpha: 0.5, beta: 0.75, k: 1}", "{op: tanh}")
    layers = "".join(f"  {name}: {ops[number % 3]}\n" for number, name in enumerate(names))
    last = "  sum_: {op: add, from: [tuple, super]}\n  pool: {op: max_pool2d, kernel: 2, stride: 1, padding: same}\n"
    text = f"schema: archc/v1\nname: ordered_dict\ninput: {{image: [3, 4, 4]}}\nlayers:\n{layers}{last}"
    text += "  cat: {op: concat, from: [pool, nn]}\noutputs: [cat, " + names[-1] + "]\n"
    facts = facts_of(text.encode())
    model = build(facts, facts.graph)
    assert type(model).__name__ == "OrderedDictNet"
    x = pictures(facts, 1, torch.float64)
    (cat, _), expected = model(x), evaluate(facts.graph, {}, x.numpy())
    np.testing.assert_allclose(cat.numpy(), expected["cat"], rtol=1e-11)


def test_running_figures_of_a_batch_normalisation(build: Build) -> None:
    """While training: normalised by the batch's own figures, the running ones moved towards them."""
    text = "schema: archc/v1\nname: net\ninput: {image: [3, 4, 5]}\nlayers:\n"
    facts = facts_of(f"{text}  norm: {{op: batch_norm, epsilon: 0.125, momentum: 0.75}}\n".encode())
    model: Any = build(facts, facts.graph).double()
    x = pictures(facts, 6, torch.float64) * 3 + 1
    y, values = model(x).detach().numpy(), x.numpy().transpose(1, 0, 2, 3).reshape(3, -1)
    mean, variance = values.mean(1), values.var(1)
    shaped = [figure[:, None, None] for figure in (mean, variance)]
    np.testing.assert_allclose(y, (x.numpy() - shaped[0]) / np.sqrt(shaped[1] + 0.125), rtol=1e-12, atol=1e-14)
    running = canonical(model.state_dict(), {})
    np.testing.assert_allclose(running["norm.mean"], 0.25 * mean, rtol=1e-6)
    np.testing.assert_allclose(running["norm.variance"], 0.75 + 0.25 * values.var(1, ddof=1), rtol=1e-6)


PREDICTS = """schema: archc/v1
name: drop
input: {image: [3, 8, 8]}
defaults: {dense: {weight_init: {he_normal: {}}}, conv2d: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 3}
  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  flat: {op: flatten}
  fc1: {op: dense, units: 64}
  relu1: {op: relu}
  drop1: {op: dropout, rate: 0.5}
  fc2: {op: dense, units: 10}
"""
ENDS = ("  prob: {op: softmax}\n", "  more: {op: add, from: [fc2, fc2]}\n  prob: {op: softmax}\n")


@pytest.mark.parametrize("end", ENDS, ids=["chain", "graph"])
def test_predict_evaluates_and_leaves_the_mode(build: Build, end: str) -> None:
    facts = facts_of((PREDICTS + end).encode())
    model: Any = build(facts, facts.graph)
    x = pictures(facts, 4)
    model.norm1.eval()  # frozen in a model that trains
    modes = {name: module.training for name, module in model.named_modules()}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, second = model.predict(x), model.predict(x)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert not first.requires_grad
    assert {name: module.training for name, module in model.named_modules()} == modes
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    torch.testing.assert_close(first, model.eval()(x).softmax(1).detach())
    assert torch.is_grad_enabled()


def test_predict_leaves_the_mode_after_an_error(build: Build) -> None:
    facts = facts_of((PREDICTS + ENDS[0]).encode())
    model: Any = build(facts, facts.graph)
    with pytest.raises(RuntimeError):
        model.predict(torch.zeros(2, 5, 8, 8))
    assert all(module.training for module in model.modules())
