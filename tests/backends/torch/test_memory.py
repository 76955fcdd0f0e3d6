"""What archc says of memory, against PyTorch's: the bytes saved for the backward pass, and the peak of whole steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from allocations import as_on_a_gpu, held, peaks, run, targets
from archc_torch.snippets.momentum_sgd import MomentumSGD
from archc_torch.trainer import LOSSES
from torch import Tensor, nn
from torch.nn import functional

from archc.analysis import Facts, analyse
from archc.graph import Graph
from archc.language.recipe import Precision
from archc.passes.memory import memory

ROOT = Path(__file__).parents[3]
GOOD = ROOT / "tests" / "specs" / "good"
# The others take minutes, and have no kind of layer that these lack.
SHIPPED = ("alexnet", "alexnet_2012", "alexnet_torchvision", "lenet5", "mobilenet_v2", "resnet18", "unet")
# On a CPU, PyTorch computes recurrent layers step by step, and keeps every step: test_recurrent.py.
SPECS = sorted(
    spec
    for spec in (*(ROOT / "specs" / f"{name}.yaml" for name in SHIPPED), *GOOD.glob("*.yaml"))
    if not re.search(r"op: (lstm|gru)\b", spec.read_text(encoding="utf-8"))
)
ALEXNET = ROOT / "specs" / "alexnet.yaml"

NORMALISED = """schema: archc/v1
name: normalised
input: {image: [8, 32, 32]}
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
layers:
  conv1: {op: conv2d, filters: 32}
  norm1: {op: NORM}
  relu1: {op: relu}
  conv2: {op: conv2d, filters: 4}
"""
NORMS = {
    "over_maps": "lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, groups: 2",
    "in_a_map": "lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, scope: spatial",
    "batch": "batch_norm, epsilon: 1e-5, momentum: 0.9",
    "batch_without": "batch_norm, epsilon: 1e-5, momentum: 0.9, scale: false, bias: false",
    "layer": "layer_norm, epsilon: 1e-5",
    "layer_all": "layer_norm, over: all, epsilon: 1e-5",
    "group": "group_norm, groups: 4, epsilon: 1e-5",
    "instance": "instance_norm, epsilon: 1e-5",
    "rms": "rms_norm, epsilon: 1e-5",
}

WIDE = ("softplus", "softmax", "log_softmax")
"""Functions that autocast computes in float32 on a GPU, but not on a CPU."""

Build = Callable[[Facts, Graph], nn.Module]


@dataclass
class Network:
    """An emitted model with its facts, in channels last as it is trained, and a batch for it."""

    facts: Facts
    model: Any
    precision: Precision

    def images(self, batch: int) -> Tensor:
        (x,) = self.facts.graph.inputs.values()
        if x.vocabulary is not None:
            return torch.randint(x.vocabulary, (batch, *x.shape))
        if not x.is_maps:
            return torch.randn(batch, *x.shape)
        return torch.randn(batch, x.height, x.width, x.channels).permute(0, 3, 1, 2)

    def outputs(self, images: Tensor) -> tuple[Tensor, ...]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            given = self.model(images)
        return given if isinstance(given, tuple) else (given,)

    @property
    def has_loss(self) -> bool:
        return self.facts.graph.fused is not None

    def targets(self, batch: int) -> Tensor:
        return targets(self.facts.graph, batch)

    def loss(self, images: Tensor, targets: Tensor) -> Tensor:
        return LOSSES[self.facts.graph.loss](self.outputs(images)[0].float(), targets)

    def step(self, images: Tensor, targets: Tensor, optimizer: MomentumSGD) -> None:
        """As the trainer takes it; a network without a last softmax or sigmoid is given its outputs' gradients."""
        if self.has_loss:
            self.loss(images, targets).backward()
        else:
            outputs = [value for value in self.outputs(images) if value.requires_grad]
            gradients = [torch.ones_like(value) for value in outputs]
            ends = [torch.autograd.graph.get_gradient_edge(value) for value in outputs]
            del outputs
            torch.autograd.backward(ends, gradients)
        optimizer.step()
        optimizer.zero_grad()


@pytest.fixture
def network(build: Build, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Precision], Network]:
    for name in WIDE:
        function = getattr(functional, name)
        monkeypatch.setattr(
            functional, name, lambda x, *given, function=function, **named: function(x.float(), *given, **named)
        )

    def network(spec: Path, precision: Precision) -> Network:
        facts = analyse(spec.read_bytes(), spec.name).facts
        assert facts is not None
        model: Any = build(facts, facts.graph).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        as_on_a_gpu(model)
        return Network(facts, model, precision)

    return network


def saved(network: Network, batch: int) -> int:
    """Bytes that PyTorch saves for the backward pass: each storage once, parameters and buffers left out."""
    stored = (*network.model.parameters(), *network.model.buffers())
    parameters = {value.untyped_storage().data_ptr() for value in stored}
    held: dict[int, Tensor] = {}

    def pack(value: Tensor) -> Tensor:
        held.setdefault(value.untyped_storage().data_ptr(), value)
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        if network.has_loss:
            network.loss(network.images(batch), network.targets(batch))
        else:
            network.outputs(network.images(batch))
    return sum(v.untyped_storage().nbytes() for address, v in held.items() if address not in parameters)


@contextmanager
def beyond_the_prediction(network: Network) -> Iterator[list[int]]:
    """The bytes that PyTorch keeps on a CPU beside what is predicted, and why."""
    found: list[int] = []

    def constants(module: Any, __: object, y: Tensor) -> None:
        """A number per map in the precision of the values, which is not worth a prediction."""
        values = module.std if hasattr(module, "std") else module.weight
        is_copied = values.dtype != y.dtype and y.requires_grad
        found.append(values.numel() * y.element_size() if is_copied else 0)

    per_map = [module for module in network.model.modules() if type(module).__name__ in ("Scale", "Normalize")]
    handles = [module.register_forward_hook(constants) for module in per_map]
    yield found
    for handle in handles:
        handle.remove()


def labels(network: Network, batch: int) -> int:
    """The loss keeps the targets, which are counted with the batch, and of classes the sum of their weights."""
    wanted = network.targets(batch)
    return wanted.nbytes + (0 if wanted.is_floating_point() else 4) if network.has_loss else 0


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_what_is_kept_is_what_pytorch_saves_to_the_byte(
    network: Callable[[Path, Precision], Network], spec: Path, precision: Precision
) -> None:
    found = network(spec, precision)
    with beyond_the_prediction(found) as beyond:
        measured = saved(found, 3)
    predicted = memory(found.facts.graph, batch=3, precision=precision).activations
    assert measured == predicted + sum(beyond) + labels(found, 3)


@pytest.mark.parametrize("batch", [2, 5])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_alexnet_keeps_within_half_a_percent_of_all_that_pytorch_saves(
    network: Callable[[Path, Precision], Network], precision: Precision, batch: int
) -> None:
    found = network(ALEXNET, precision)
    predicted = memory(found.facts.graph, batch=batch, precision=precision).activations
    assert saved(found, batch) == pytest.approx(predicted, rel=0.005)


def peak(network: Network, batch: int, *, training: bool) -> int:
    """The most bytes that PyTorch's allocator has given out at once in a step or an inference, weights included."""
    optimizer = MomentumSGD(network.model.parameters(), lr=1e-4, momentum=0.9, weight_decay=5e-4)

    def step() -> None:
        network.step(network.images(batch), network.targets(batch), optimizer)

    def inference() -> None:
        images = network.images(batch)
        with torch.inference_mode():
            values = network.outputs(images)
            if network.has_loss:
                scores = values[0].float()
                scores.softmax(1) if network.facts.graph.loss == "cross_entropy" else scores.sigmoid()

    if training:  # the first step makes the velocities
        network.step(network.images(2), network.targets(2), optimizer)
    network.model.train(training)
    return held(network.model, training=training) + peaks([step if training else inference])[0]


@pytest.fixture
def assert_peak(network: Callable[[Path, Precision], Network]) -> Callable[..., None]:
    """Compare the peak with what is measured, by default within one percent."""

    def assert_peak(spec: Path, batch: int, precision: Precision, *, training: bool, near: float = 0.01) -> None:
        found = network(spec, precision)
        predicted = memory(found.facts.graph, batch=batch, precision=precision, training=training)
        assert peak(found, batch, training=training) == pytest.approx(predicted.peak, rel=near)

    return assert_peak


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize(
    ("spec", "batch", "precision"),
    [
        (ALEXNET, 8, "float32"),
        (ALEXNET, 8, "bfloat16"),
        (GOOD / "lenet.yaml", 64, "float32"),
        (GOOD / "recipe.yaml", 64, "float32"),
        (GOOD / "recipe.yaml", 64, "bfloat16"),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else str(value),
)
def test_the_peak(
    assert_peak: Callable[..., None], spec: Path, batch: int, precision: Precision, training: bool
) -> None:
    assert_peak(spec, batch, precision, training=training)


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("norm", NORMS)
def test_the_peak_at_a_normalisation(
    assert_peak: Callable[..., None], norm: str, precision: Precision, training: bool, tmp_path: Path
) -> None:
    spec = tmp_path / "normalised.yaml"
    spec.write_text(NORMALISED.replace("NORM", NORMS[norm]))
    assert_peak(spec, 64, precision, training=training)


SPATIAL = "lrn, size: 3, alpha: 1e-4, beta: 0.75, k: 2, scope: spatial"
ENDS = {
    # The gradient of a convolution must be turned, that of a pool need not.
    "a convolution": ("softmax", ["b: {op: conv2d, filters: 32}"]),
    "an activation": ("softmax", ["b: {op: tanh}", "c: {op: conv2d, filters: 32}"]),
    "a pool": ("softmax", ["b: {op: max_pool2d, kernel: 2, stride: 2}", "c: {op: conv2d, filters: 32}"]),
    "a flatten": ("softmax", ["b: {op: flatten}", "c: {op: dense, units: 5, weight_init: {he_normal: {}}}"]),
    "a sum": ("softmax", ["b: {op: add, from: [conv1, a]}", "c: {op: conv2d, filters: 4}"]),
    "a concatenation": ("softmax", ["b: {op: concat, from: [a, conv1]}"]),
    "two outputs": ("softmax", ["b: {op: conv2d, filters: 4, from: conv1}"]),
    "the end": ("softmax", []),
    "maps in a convolution": (SPATIAL, ["b: {op: conv2d, filters: 4}"]),
    "maps in a concatenation": (SPATIAL, ["b: {op: concat, from: [conv1, a]}"]),
    "maps in three parts": (SPATIAL, ["b: {op: concat, from: [conv1, a, a]}", "c: {op: tanh}"]),
    "maps in a sum": (SPATIAL, ["b: {op: add, from: [conv1, a]}"]),
    "maps in a sum with others": (SPATIAL, ["b: {op: conv2d, filters: 32, from: conv1}", "c: {op: add, from: [b, a]}"]),
    "maps at the end": (SPATIAL, []),
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("which", ENDS)
def test_the_peak_by_what_reads_a_layer(
    network: Callable[[Path, Precision], Network], which: str, training: bool, tmp_path: Path
) -> None:
    op, after = ENDS[which]
    head = NORMALISED[: NORMALISED.index("  norm1")]
    spec = tmp_path / "read.yaml"
    spec.write_text(head + "".join(f"  {layer}\n" for layer in (f"a: {{op: {op}}}", *after)))
    found = network(spec, "float32")
    (measured,) = peaks([run(found.facts.graph, found.model, 16, training=training)])
    measured += held(found.model, training=training)
    predicted = memory(found.facts.graph, batch=16, training=training).peak
    assert measured == pytest.approx(predicted, rel=0.02)


SEQUENCES_HEAD = "schema: archc/v1\nname: net\n"
SEQUENCES = {
    "a sound": """input: {sound: [1, 4000]}
defaults: {conv1d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv1d, filters: 32, kernel: 16, stride: 4}
  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  relu1: {op: relu}
  pool1: {op: max_pool1d, kernel: 4, stride: 4}
  conv2: {op: conv1d, filters: 64, kernel: 3, padding: 1}
  norm2: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  relu2: {op: relu}
  pool2: {op: max_pool1d, kernel: 4, stride: 4}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
  prob: {op: softmax}
""",
    "a text": """input: {words: {tokens: [128], vocabulary: 500}}
defaults: {conv1d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  embed: {op: embedding, channels: 64}
  conv1: {op: conv1d, filters: 64, kernel: 3, padding: 1}
  relu1: {op: relu}
  fc1: {op: dense, units: 128}
  relu2: {op: relu}
  fc2: {op: dense, units: 64}
  sum1: {op: add, from: [fc2, relu1]}
  norm: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
  prob: {op: softmax}
""",
    "a vector": """input: {v: [784]}
defaults: {dense: {weight_init: {he_normal: {}}}}
layers:
  fc1: {op: dense, units: 512}
  relu1: {op: relu}
  fc2: {op: dense, units: 512}
  relu2: {op: relu}
  fc: {op: dense, units: 10}
  prob: {op: softmax}
""",
    "a sequence": """input: {x: [16, 256]}
defaults: {dense: {weight_init: {he_normal: {}}}}
layers:
  fc1: {op: dense, units: 64}
  relu1: {op: relu}
  fc2: {op: dense, units: 64}
  join: {op: concat, from: [fc2, fc1]}
  fc3: {op: dense, units: 10}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
""",
    "a longer sequence": """input: {x: [16, 256]}
defaults: {conv_transpose1d: {kernel: 4, stride: 2, weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv_transpose1d, filters: 16, padding: 1}
  pad1: {op: pad, padding: 8, mode: reflect}
  cut1: {op: crop, cut: {left: 4, right: 12}}
  conv2: {op: conv_transpose1d, filters: 8, padding: {left: 2, right: 0}}
  up1: {op: upsample, factor: 2, mode: linear, corners: half_pixel}
  pad2: {op: pad, padding: {left: 0, right: 2}}
  conv3: {op: conv_transpose1d, filters: 4, groups: 4}
  flat: {op: flatten}
  fc: {op: dense, units: 4, weight_init: {he_normal: {}}}
""",
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("of", SEQUENCES)
def test_the_peak_of_sequences(
    network: Callable[[Path, Precision], Network], of: str, precision: Precision, training: bool, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SEQUENCES_HEAD + SEQUENCES[of])
    found = network(spec, precision)
    predicted = memory(found.facts.graph, batch=32, precision=precision, training=training)
    assert peak(found, 32, training=training) == pytest.approx(predicted.peak, rel=0.05)


POOLED = """input: {x: [16, 128]}
defaults: {conv1d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv: {op: conv1d, filters: 32, kernel: 3, padding: 1}
  pool: {op: avg_pool1d, kernel: 3, stride: 2, FIELDS}
  relu: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 8}
  prob: {op: softmax}
"""
AVERAGES = [f"padding: {side}, count_padding: {count}" for side in (1, "same") for count in ("true", "false")]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("fields", [*AVERAGES, "rounding: ceil"])
def test_averages_over_a_sequence(
    network: Callable[[Path, Precision], Network], fields: str, precision: Precision, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(SEQUENCES_HEAD + POOLED.replace("FIELDS", fields))
    found = network(spec, precision)
    predicted = memory(found.facts.graph, batch=32, precision=precision)
    assert saved(found, 32) == predicted.activations + labels(found, 32)
    assert peak(found, 32, training=True) == pytest.approx(predicted.peak, rel=0.001)
