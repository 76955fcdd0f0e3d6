"""Attention, recurrent layers, positions and tokens: counts by hand, refusals, and the words of other frameworks."""

from __future__ import annotations

from math import cos, sin
from typing import Any

import numpy as np
import pytest

from archc.analysis import Analysis, analyse
from archc.fixing import fix
from archc.graph import Node
from archc.ops.attention import Attention
from archc.ops.positions import sinusoids
from archc.tensor import Tensor

HEAD = "schema: archc/v1\nname: net\ninput: {x: [12, 7]}\nlayers:\n"


def analysed(layer: str) -> Analysis:
    return analyse(f"{HEAD}  a: {{{layer}, weight_init: he_normal}}\n".encode(), "net.yaml")


def node_of(layer: str) -> Node:
    facts = analysed(layer).facts
    assert facts is not None
    return facts.graph.node("a")


def test_the_counts_of_an_attention_by_hand() -> None:
    """Of 7 positions and 12 channels, 4 heads of 3 values on 2 heads of keys and values."""
    facts = analysed("op: attention, heads: 4, kv_heads: 2").facts
    assert facts is not None
    counts = facts.counts.layers["a"]
    assert counts.weights == (12 + 2 * 6) * 12 + 12 * 12
    assert counts.biases == (12 + 2 * 6) + 12
    products = 4 * 7 * 7 * 3
    assert counts.macs == 7 * 12 * (12 + 6 + 6) + 2 * products + 7 * 12 * 12
    # The input has no gradient: neither has the product of the first projection.
    assert counts.backward_macs == 2 * counts.macs - 7 * 12 * (12 + 6 + 6)


def test_the_counts_of_recurrent_layers_by_hand() -> None:
    for op, gates, biases in (("lstm", 4, 4 * 5), ("gru", 3, 2 * 3 * 5)):
        facts = analysed(f"op: {op}, units: 5, gives: last, bidirectional: true").facts
        assert facts is not None
        counts = facts.counts.layers["a"]
        assert (counts.weights, counts.biases) == (2 * gates * 5 * (12 + 5), 2 * biases)
        assert counts.macs == 2 * 7 * gates * 5 * (12 + 5)


@pytest.mark.parametrize("layer", ["op: attention, heads: 4, kv_heads: 2", "op: lstm, units: 5, gives: last"])
def test_the_fans_of_each_weight_are_those_of_its_product(layer: str) -> None:
    node = node_of(layer)
    weights = [p for p in node.op.parameters((Tensor((12, 7)),)) if not p.is_bias]
    assert len(weights) == 2
    assert [(p.fan_out, p.fan_in) for p in weights] == [p.shape for p in weights]


def test_equal_scores_read_the_mean_of_the_values() -> None:
    op = Attention.model_validate({"op": "attention", "heads": 1, "bias": False, "causal": True})
    weights = {"qkv.weight": np.concatenate([np.zeros((4, 2)), np.eye(2)]), "out.weight": np.eye(2)}
    x: Any = np.array([[[1.0, 3.0, 8.0], [2.0, 4.0, 0.0]]])
    np.testing.assert_allclose(op.compute((x,), weights), [[[1, 2, 4], [2, 3, 2]]])


def test_sinusoids_by_the_formula_of_the_paper() -> None:
    found = sinusoids(5, 3)
    for position in range(3):
        for channel in range(5):
            angle = position / 10000 ** (2 * (channel // 2) / 5)
            expected = cos(angle) if channel % 2 else sin(angle)
            assert found[channel, position] == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("op: attention, heads: 5", "a's 12 channels do not split into 5 heads"),
        ("op: attention, heads: 4, kv_heads: 3", "a's 4 heads do not split over 3 heads of keys and values"),
        ("op: positions, kind: sinusoidal", "a has no weights to initialise: its vectors are sinusoidal"),
    ],
)
def test_what_is_refused(layer: str, message: str) -> None:
    (finding,) = analysed(layer).findings
    assert finding.message == message


def test_a_position_that_is_not_there() -> None:
    (finding,) = analyse(f"{HEAD}  a: {{op: select, position: -8}}\n".encode(), "net.yaml").findings
    assert finding.message == "a selects position -8 of 7"


def test_causal_attention_to_another_length() -> None:
    layers = "  b: {op: max_pool1d, kernel: 2, stride: 2}\n  c: {op: attention, from: [x, b], heads: 2, causal: true"
    findings = analyse(f"{HEAD}{layers}, weight_init: he_normal}}\n".encode(), "net.yaml").findings
    assert [f.message for f in findings] == ["c is causal, but has 7 positions of queries and 3 of memory"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("op: MultiheadAttention, embed_dim: 12, num_heads: 3", "op: attention, heads: 3"),
        ("op: MultiHeadAttention, num_heads: 3, key_dim: 5", "op: attention, heads: 3, head_dim: 5"),
        (
            "op: GroupQueryAttention, head_dim: 3, num_query_heads: 4, num_key_value_heads: 2",
            "op: attention, heads: 4, kv_heads: 2, head_dim: 3",
        ),
        ("op: LSTM, units: 5, return_sequences: true", "op: lstm, units: 5, gives: sequence"),
        (
            "op: LSTM, input_size: 12, hidden_size: 5, num_layers: 1, batch_first: true, gives: last",
            "op: lstm, units: 5, gives: last",
        ),
        ("op: GRU, units: 5, return_sequences: false, reset_after: true", "op: gru, units: 5, gives: last"),
        ("op: GRU, hidden_size: 5, gives: last, use_bias: false", "op: gru, units: 5, gives: last, bias: false"),
    ],
)
def test_layers_of_other_frameworks_are_fixed(written: str, meant: str) -> None:
    text = f"{HEAD}  a: {{{written}, weight_init: he_normal}}\n".encode()
    facts = analyse(fix(text, "net.yaml").data, "net.yaml").facts
    assert facts is not None, [finding.message for finding in analyse(text, "net.yaml").findings]
    assert facts.graph.node("a").op == node_of(meant).op


@pytest.mark.parametrize(
    ("layer", "help"),
    [
        ("op: lstm, units: 5, gives: last, num_layers: 2", "write a layer for each of them"),
    ],
)
def test_what_another_framework_has_and_archc_lacks(layer: str, help: str) -> None:
    (finding,) = analysed(layer).findings
    assert finding.help is not None
    assert help in finding.help


def test_attention_is_replicated_and_cannot_be_split() -> None:
    text = f"{HEAD}  a: {{op: attention, heads: 3, weight_init: he_normal}}\n"
    for strategy in ("columns", "hybrid", "data"):
        placed = analyse(f"{text}parallel: {{devices: 2, strategy: {strategy}}}\n".encode(), "net.yaml").facts
        assert placed is not None
        assert placed.placement is not None
        assert placed.placement.layouts["a"] != "split"
        assert placed.placement.shares["a"].parameters == placed.counts.parameters
    own = f"{text}parallel: {{devices: 2, strategy: columns, layers: {{a: split}}}}\n".encode()
    (finding,) = analyse(own, "net.yaml").findings
    assert finding.message == "a cannot be split: every output depends on all of its weights"
