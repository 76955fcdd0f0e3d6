"""Networks of blocks: the names and values of torchvision, random networks as without blocks, memory, linters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from allocations import as_on_a_gpu, held, peaks, run
from archc_torch.weights import canonical
from block_networks import drawn, flattened
from torch import Tensor, nn

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, load
from archc.graph import Graph
from archc.passes.memory import memory

BLOCKS = Path(__file__).parents[2] / "specs" / "blocks"
EXAMPLES = 120
"""Random networks, of which less than half are none."""


def facts_of(data: bytes) -> Facts:
    analysis = analyse(data, "spec.yaml")
    assert analysis.facts is not None, analysis.findings
    return analysis.facts


def emitted(facts: Facts, graph: Graph | None = None) -> EmittedSource:
    return load("torch").emit(
        Request(graph or facts.graph, facts.counts, facts.own_recipe, Origin.of("spec.yaml", b""))
    )


def built(source: EmittedSource) -> Any:
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    torch.manual_seed(0)
    return scope[source.class_name]()


def maximal(model: Any) -> nn.Module:
    """The model of torchvision with a pool of the largest values before its last layers, as in the spec."""
    if hasattr(model, "avgpool"):
        model.avgpool = nn.AdaptiveMaxPool2d(1)
        return model
    return nn.Sequential(model.features, nn.AdaptiveMaxPool2d(1), nn.Flatten(), model.classifier)


TORCHVISION: dict[str, Any] = {
    "resnet18": torchvision.models.resnet18,
    "resnet50": torchvision.models.resnet50,
    "mobilenet_v2": torchvision.models.mobilenet_v2,
}


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_of_torchvision_load_as_they_are(name: str, training: bool) -> None:
    model = built(emitted(facts_of((BLOCKS / f"{name}.yaml").read_bytes()))).double()
    torchvisions = TORCHVISION[name](weights=None).double()
    reference = maximal(torchvisions)
    for module in (*model.modules(), *reference.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    assert [*model.state_dict()] == [*torchvisions.state_dict()]
    model.load_state_dict(torchvisions.state_dict())
    x = torch.randn(2, 3, 224, 224, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model.train(training)(x), reference.train(training)(x), rtol=1e-10, atol=1e-10)


def test_densenet_has_the_names_of_torchvision() -> None:
    model = built(emitted(facts_of((BLOCKS / "densenet121.yaml").read_bytes())))
    reference = torchvision.models.densenet121(weights=None)
    shapes = [{name: value.shape for name, value in each.state_dict().items()} for each in (model, reference)]
    assert [*shapes[0].items()] == [*shapes[1].items()]


@pytest.fixture(scope="module")
def networks() -> list[tuple[int, Facts]]:
    return small_networks(of_sequences=False)


def small_networks(*, of_sequences: bool) -> list[tuple[int, Facts]]:
    found = ((seed, drawn(seed, of_sequences=of_sequences)) for seed in range(EXAMPLES))
    return [(seed, facts) for seed, facts in found if facts is not None and is_small(facts)]


def is_small(facts: Facts) -> bool:
    return len(facts.graph.nodes) <= 60 and facts.counts.parameters < 300_000


def outputs(model: Any, x: Tensor) -> tuple[Tensor, ...]:
    given = model(x)
    return given if isinstance(given, tuple) else (given,)


def test_a_random_network_is_the_same_without_blocks(networks: list[tuple[int, Facts]]) -> None:
    """Weights drawn from one seed, values, gradients and statistics, to the last bit in float64."""
    of_sequences = small_networks(of_sequences=True)
    assert min(len(networks), len(of_sequences)) > EXAMPLES // 5
    for seed, facts in (*networks, *of_sequences):
        flat, names = flattened(facts.graph)
        sources = emitted(facts), emitted(facts, flat)
        models = [built(source) for source in sources]
        begun = [canonical(model.state_dict(), source.renamed) for model, source in zip(models, sources, strict=True)]
        assert {names[path.rpartition(".")[0]] + path[path.rindex(".") :] for path in begun[0]} == {*begun[1]}, seed
        (image,) = facts.graph.inputs.values()
        x = torch.randn(3, *image.shape, dtype=torch.float64)
        values = [outputs(model.double(), x) for model in models]
        assert all(map(torch.equal, *values)), seed
        for each in values:
            learned = [value.square().sum() for value in each if value.requires_grad]
            if learned:
                torch.stack(learned).sum().backward()
        for own, other in zip(*(model.parameters() for model in models), strict=True):
            assert torch.equal(own, other), seed
            torch.testing.assert_close(own.grad, other.grad, rtol=0, atol=0)
        for own, other in zip(*(model.buffers() for model in models), strict=True):
            assert torch.equal(own, other), seed


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
def test_the_peak_of_random_networks(networks: list[tuple[int, Facts]], training: bool) -> None:
    models = [built(emitted(facts)) for _, facts in networks]
    for model in models:
        as_on_a_gpu(model)
    runs = [run(facts.graph, model, 5, training=training) for model, (_, facts) in zip(models, networks, strict=True)]
    pairs = zip(networks, models, peaks(runs), strict=True)
    ratios = {
        seed: (held(model, training=training) + peak) / memory(facts.graph, batch=5, training=training).peak
        for (seed, facts), model, peak in pairs
    }
    assert {seed: ratio for seed, ratio in ratios.items() if abs(ratio - 1) > 0.01} == {}


def _sources() -> Iterator[tuple[str, str]]:
    for spec in sorted(BLOCKS.glob("*.yaml")):
        for backend in ("torch", "keras"):
            facts = facts_of(spec.read_bytes())
            request = Request(facts.graph, facts.counts, facts.own_recipe, Origin.of(spec.name, b""))
            yield f"{backend}_{spec.stem}", load(backend).emit(request).text
    for seed in range(40):
        facts = drawn(seed)
        if facts is not None and is_small(facts):
            for backend in ("torch", "keras"):
                request = Request(facts.graph, facts.counts, facts.own_recipe, Origin.of("spec.yaml", b""))
                yield f"{backend}_random_{seed}", load(backend).emit(request).text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("blocks")
    for name, text in _sources():
        (place / f"{name}.py").write_text(text, encoding="utf-8")
    return place


@pytest.mark.parametrize(
    "command",
    [
        ["pyright", "--pythonpath", sys.executable, "."],
        ["mypy", "--python-executable", sys.executable, "--cache-dir", ".mypy", "."],
        ["ruff", "check", "--isolated", "--no-cache", "."],
        ["ruff", "format", "--isolated", "--no-cache", "--diff", "."],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_accepts_what_is_emitted(folder: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


INITIALISED = """schema: archc/v1
name: net
input: {image: [4, 6, 6]}
defaults: {conv2d: {kernel: 3, padding: 1, weight_init: {normal: {std: 0.5}}}}
blocks:
  pair: {takes: [bias], layers: [{op: conv2d, filters: 4, bias_init: $bias}, {op: conv2d, filters: 4, bias: false}]}
layers:
  first: {block: pair, bias: 1}
  second: {block: pair, bias: 2}
  third: {op: conv2d, filters: 4, weight_init: {he_normal: {}}, bias_init: 3}
"""


def test_each_layer_begins_as_its_own_spec_asks() -> None:
    model = built(emitted(facts_of(INITIALISED.encode())))
    biases: Mapping[str, Tensor] = {name: p for name, p in model.state_dict().items() if name.endswith(".bias")}
    assert {name: set(p.tolist()) for name, p in biases.items()} == {
        "first.0.bias": {1},
        "second.0.bias": {2},
        "third.bias": {3},
    }
    assert model.third.weight.std().item() == pytest.approx((2 / 36) ** 0.5, rel=0.3)
    assert model.first[1].weight.std().item() == pytest.approx(0.5, rel=0.3)


def test_an_input_of_a_block_and_its_layers_may_have_any_name() -> None:
    text = """schema: archc/v1
name: basic
input: {x: [4, 6, 6]}
blocks:
  basic:
    takes: [self, filters: 4]
    layers:
      forward: {op: conv2d, filters: $self, kernel: 1, weight_init: {he_normal: {}}}
      Basic: {op: conv2d, filters: $filters, kernel: 1, weight_init: {he_normal: {}}}
      sum: {op: concat, from: [Basic, input, forward]}
layers:
  basic: {block: basic, self: 2}
  train: {block: basic, self: 3, filters: 5}
  two: {block: basic, self: 4, from: basic}
  both: {op: concat, from: [train, two]}
"""
    facts = facts_of(text.encode())
    source = emitted(facts)
    assert source.renamed["basic.forward"] == "basic.forward_"
    weights = canonical(built(source).state_dict(), source.renamed)
    assert {name.rpartition(".")[0] for name in weights} == {n.name for n in facts.graph.nodes if n.op.op == "conv2d"}
