"""Recurrent layers and attention against PyTorch's own modules, how they begin, and what cuDNN keeps of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from archc_torch.snippets.attention import Attention
from archc_torch.snippets.gru import GRU
from archc_torch.snippets.lstm import LSTM
from torch import nn

from archc.analysis import analyse
from archc.passes.memory import memory

# In bytes, what cuDNN kept of a training step in float32 beside the input: PyTorch 2.11, an H200, 2026-11-27.
# By examples, length, channels, units, and whether both ways.
KEPT = {
    "lstm": {
        (4, 10, 6, 8, False): 2 * 128 + 1280 + 6656,
        (4, 10, 12, 8, False): 2 * 128 + 1280 + 6656,
        (4, 10, 6, 16, False): 2 * 256 + 2560 + 13056,
        (32, 100, 64, 128, True): 2 * 32768 + 3276800 + 16384256,
        (128, 64, 300, 256, True): 2 * 262144 + 16777216 + 83886336,
    },
    "gru": {
        (4, 10, 6, 8, False): 128 + 1280 + 7936,
        (8, 10, 6, 8, False): 256 + 2560 + 15616,
        (32, 100, 64, 128, True): 32768 + 3276800 + 19661056,
        (128, 64, 300, 256, True): 262144 + 16777216 + 100663552,
    },
}


@pytest.mark.parametrize("op", KEPT)
def test_what_is_kept_is_what_cudnn_keeps(op: str) -> None:
    for (batch, length, channels, units, both), kept in KEPT[op].items():
        for gives in ("sequence", "last"):
            fields = f"op: {op}, units: {units}, gives: {gives}, bidirectional: {str(both).lower()}"
            layers = f"layers:\n  a: {{{fields}, weight_init: he_normal}}\n"
            text = f"schema: archc/v1\nname: a\ninput: {{x: [{channels}, {length}]}}\n{layers}"
            facts = analyse(text.encode(), "a.yaml").facts
            assert facts is not None
            inputs = 4 * batch * channels * length
            assert memory(facts.graph, batch=batch).activations == inputs + kept


def test_an_lstm_is_pytorch_s_with_a_second_bias_of_zero() -> None:
    torch.manual_seed(0)
    ours: Any = LSTM(3, 5, gives="sequence", bidirectional=True)
    theirs: Any = nn.LSTM(3, 5, batch_first=True, bidirectional=True)
    state = {key: torch.randn_like(value) for key, value in ours.state_dict().items()}
    ours.load_state_dict(state)
    more = {key: torch.zeros_like(value) for key, value in theirs.state_dict().items() if "bias_hh" in key}
    assert state.keys() | more.keys() == theirs.state_dict().keys()
    theirs.load_state_dict(state | more)
    x = torch.randn(2, 7, 3)
    torch.testing.assert_close(ours(x), theirs(x)[0])
    ours.double()  # the flat weights follow the module's
    assert ours(x.double()).dtype == torch.float64


def test_how_biases_of_recurrent_layers_begin() -> None:
    lstm: Any = LSTM(3, 2, gives="last", bidirectional=True, bias_init=0.5, forget_bias=2)
    gru: Any = GRU(3, 2, gives="last", bias_init=0.25)
    for bias in (lstm.bias_ih_l0, lstm.bias_ih_l0_reverse):
        assert bias.tolist() == [0.5, 0.5, 2, 2, 0.5, 0.5, 0.5, 0.5]
    assert {*gru.bias_ih_l0.tolist(), *gru.bias_hh_l0.tolist()} == {0.25}
    assert not [name for name, _ in lstm.named_parameters() if "bias_hh" in name]


@pytest.mark.parametrize("causal", [False, True])
def test_an_attention_is_pytorch_s(causal: bool) -> None:
    torch.manual_seed(0)
    ours: Any = Attention(12, 3, causal=causal)
    theirs: Any = nn.MultiheadAttention(12, 3, batch_first=True)
    state = {key: torch.randn_like(value) for key, value in theirs.state_dict().items()}
    theirs.load_state_dict(state)
    ours.load_state_dict({key.replace("in_proj_", "qkv.").replace("out_proj", "out"): v for key, v in state.items()})
    x = torch.randn(2, 7, 12)
    mask: Any = nn.Transformer.generate_square_subsequent_mask(7) if causal else None
    expected, _ = theirs(x, x, x, attn_mask=mask, is_causal=causal, need_weights=False)
    torch.testing.assert_close(ours(x), expected)
