"""Saved weights: the spec's names, the canonical layout, and a file that others may read."""

from __future__ import annotations

from pathlib import Path

import torch
from archc_torch.weights import save
from safetensors.torch import load_file
from torch import nn


def test_layers_have_the_specs_names(tmp_path: Path) -> None:
    model = nn.Sequential()
    model.add_module("conv1", nn.Conv2d(4, 6, 3, groups=2, bias=False))
    model.add_module("forward_", nn.Linear(6, 5, dtype=torch.float64))
    file = tmp_path / "weights.safetensors"
    save(model, file, {"forward": "forward_"})
    saved = load_file(file)
    assert {name: tuple(array.shape) for name, array in saved.items()} == {
        "conv1.weight": (6, 2, 3, 3),
        "forward.weight": (5, 6),
        "forward.bias": (5,),
    }
    assert {array.dtype for array in saved.values()} == {torch.float32}
    other = tmp_path / "other"
    other.touch()
    assert file.stat().st_mode == other.stat().st_mode
    assert sorted(place.name for place in tmp_path.iterdir()) == ["other", "weights.safetensors"]
