"""Advice on activations before a softmax, and on a softmax inside a network, for every op that can be there."""

from __future__ import annotations

import pytest

from archc.analysis import analyse
from archc.ops import ops

HEAD = """schema: archc/v1
name: net
input: {image: [4, 6, 6]}
defaults: {conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
"""
TRAIN = """train:
  batch: 128
  epochs: 90
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 6, crop: 6, mirror: true, mean: pixel}
  test: center
"""
FIELDS = {"leaky_relu": "slope: 0.1", "prelu": "initial: 0.25, shared: false", "elu": "alpha: 1", "gelu": "form: exact"}


def advice(layers: str, end: str = "") -> list[tuple[str, str]]:
    found = analyse(f"{HEAD}{layers}{end}".encode(), "net.yaml").findings
    return [(finding.code, finding.message) for finding in found]


def activation(op: str) -> str:
    return f"  act: {{op: {', '.join(filter(None, [op, FIELDS.get(op)]))}}}\n"


@pytest.mark.parametrize("op", [name for name, op in ops().items() if op.is_activation])
@pytest.mark.parametrize("last", ["softmax", "log_softmax"])
def test_an_activation_that_narrows_the_scores(op: str, last: str) -> None:
    found = advice(f"  flat: {{op: flatten}}\n  fc: {{op: dense, units: 5}}\n{activation(op)}  prob: {{op: {last}}}\n")
    is_narrow = op not in ("leaky_relu", "prelu")
    called = last.replace("_", " ")
    message = f"act changes the scores of fc before the {called} prob"
    assert found == ([("ARC914", message)] if is_narrow else [])


def test_a_sigmoid_before_the_loss() -> None:
    layers = "  flat: {op: flatten}\n  fc: {op: dense, units: 5}\n  act: {op: sigmoid}\n"
    assert advice(layers) == []
    assert [code for code, _ in advice(layers, TRAIN)] == ["ARC914"]


def test_logarithms_of_probabilities_before_the_loss() -> None:
    """The loss of them is that of the scores."""
    assert advice("  flat: {op: flatten}\n  fc: {op: dense, units: 5}\n  log: {op: log_softmax}\n", TRAIN) == []


def test_the_logarithms_are_not_left_to_the_loss() -> None:
    facts = analyse(f"{HEAD}  flat: {{op: flatten}}\n  log: {{op: log_softmax}}\n".encode(), "net.yaml").facts
    assert facts is not None
    assert facts.graph.fused is None


@pytest.mark.parametrize(
    ("layers", "codes"),
    [
        # Weights of a product, as in attention over maps or over places.
        ("  a: {op: softmax, from: c}\n  b: {op: multiply, from: [a, c]}\n  d: {op: conv2d, filters: 4}\n", []),
        ("  a: {op: softmax, over: positions}\n  d: {op: conv2d, filters: 4}\n", []),
        ("  a: {op: softmax}\n  d: {op: conv2d, filters: 4}\n", ["ARC905"]),
        ("  a: {op: softmax}\n  b: {op: log_softmax}\n  d: {op: conv2d, filters: 4}\n", ["ARC905"]),
        ("  a: {op: softmax, over: positions}\n  b: {op: softmax}\n", []),
        ("  a: {op: softmax}\n  b: {op: softmax}\n", ["ARC206"]),
    ],
)
def test_a_softmax_in_the_middle(layers: str, codes: list[str]) -> None:
    assert [code for code, _ in advice("  c: {op: conv2d, filters: 4}\n" + layers)] == codes


def test_dropping_examples_leaves_the_statistics_to_the_others() -> None:
    """Of a residual branch the variance is not that of dropped values, and the sum belongs after it."""
    layers = "  c: {op: conv2d, filters: 4}\n  d: {op: DROP, rate: 0.5}\n  s: {op: add, from: [d, image]}\n"
    norm = "  n: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
    assert advice(layers.replace("DROP", "stochastic_depth") + norm) == []
