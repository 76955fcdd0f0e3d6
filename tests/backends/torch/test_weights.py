"""Saved weights: the spec's names and the canonical layout."""

from __future__ import annotations

import torch
from archc_torch.weights import as_bytes
from safetensors.torch import load
from torch import nn


def test_layers_have_the_specs_names() -> None:
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(4, 6, 3, groups=2, bias=False))
    model.add_module("forward_", nn.Linear(6, 5, dtype=torch.float64))
    saved = load(as_bytes(model.state_dict(), {"forward": "forward_"}))
    assert {name: tuple(array.shape) for name, array in saved.items()} == {
        "conv1.weight": (6, 2, 3, 3),
        "forward.weight": (5, 6),
        "forward.bias": (5,),
    }
    assert {array.dtype for array in saved.values()} == {torch.float32}
