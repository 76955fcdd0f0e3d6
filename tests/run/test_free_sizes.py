"""Arrays of one size for a network whose spec leaves it free: the run has that size, or is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archc.analysis import analyse
from archc.backend import load
from archc.failure import Failure
from archc.run.recipe import Overrides
from archc.run.setup import Options, Setup, set_up

MAPS = """\
schema: archc/v1
name: free
input: {image: [3, null, null]}
defaults: {conv2d: {weight_init: he_normal}}
layers:
  c: {op: conv2d, filters: 4, kernel: 5, stride: 2}
  d: {op: conv2d, filters: 2, kernel: 1}
"""
TWO = MAPS.replace("image: [3, null, null]", "image: [3, null, null], mask: [4, null, null]").replace(
    "  c: {op: conv2d, filters: 4, kernel: 5, stride: 2}",
    "  c: {op: conv2d, filters: 4, kernel: 5, padding: 2, from: image}\n  s: {op: add, from: [c, mask]}",
)
TEXT = """\
schema: archc/v1
name: free
input: {words: {tokens: [null], vocabulary: 9}}
layers:
  e: {op: embedding, channels: 4, weight_init: he_normal}
  l: {op: lstm, units: 3, gives: last, weight_init: glorot_uniform}
"""
NORMED = """\
schema: archc/v1
name: free
input: {image: [3, null, null]}
layers:
  p: {op: max_pool2d, kernel: 8, stride: 8}
  n: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
"""


def setup(folder: Path, text: str, **arrays: Any) -> Setup:
    np.savez(folder / "train.npz", **arrays)
    facts = analyse(text.encode(), "free.yaml").facts
    assert facts is not None
    return set_up(facts, Options(None, None, folder, Overrides(4, None, None, None), 0, "float32", 60), load("torch"))


def zeros(*shape: int) -> Any:
    return np.zeros((8, *shape), np.float32)


def test_the_network_has_the_sizes_of_the_arrays(tmp_path: Path) -> None:
    found = setup(tmp_path, MAPS, image=zeros(3, 12, 9), target=np.zeros((8, 4, 3), int))
    assert found.inputs["image"].model_dump()["shape"] == (3, 12, 9)
    assert found.output == (2, 4, 3)
    found = setup(tmp_path, TWO, image=zeros(3, 12, 9), mask=zeros(4, 12, 9))
    assert ({name: x.shape for name, x in found.inputs.items()}, found.output) == (
        {"image": (3, 12, 9), "mask": (4, 12, 9)},
        (2, 12, 9),
    )
    found = setup(tmp_path, TEXT, words=np.zeros((8, 7), int), target=np.zeros(8, int))
    assert (found.inputs["words"].shape, found.inputs["words"].vocabulary, found.output) == ((7,), 9, (3,))


def test_a_size_at_which_a_layer_cannot_train_on_one_example_is_known(tmp_path: Path) -> None:
    assert setup(tmp_path, NORMED, image=zeros(3, 16, 16)).needs_two is None
    assert setup(tmp_path, NORMED, image=zeros(3, 8, 8)).needs_two == "n"


@pytest.mark.parametrize(
    ("text", "arrays", "message", "help"),
    [
        (
            MAPS,
            {"image": zeros(3, 12)},
            "`image` has the shape [8, 3, 12], and free needs [n, 3, H, W], n examples",
            "save it with that shape",
        ),
        (
            MAPS,
            {"image": zeros(12, 9, 3)},
            "`image` has the shape [8, 12, 9, 3], and free needs [n, 3, H, W], n examples",
            "the channels come first: `numpy.moveaxis(array, -1, 1)`",
        ),
        (
            MAPS,
            {"image": zeros(3, 0, 9)},
            "`image` has the shape [8, 3, 0, 9], and free needs [n, 3, H, W], n examples",
            "save it with that shape",
        ),
        (
            TWO,
            {"image": zeros(3, 12, 9), "mask": zeros(4, 12, 8)},
            "`mask` has the shape [8, 4, 12, 8], and free needs [n, 4, 12, 9], n examples",
            "save it with that shape",
        ),
        (
            MAPS,
            {"image": zeros(3, 12, 4)},
            "free cannot read `image` of [3, 12, 4]: c's window is 5 wide, but its input is only 4 wide",
            "save examples with H from 5 and W from 5",
        ),
    ],
)
def test_what_the_network_cannot_read(
    tmp_path: Path, text: str, arrays: dict[str, Any], message: str, help: str
) -> None:
    with pytest.raises(Failure) as caught:
        setup(tmp_path, text, **arrays)
    assert (caught.value.message, caught.value.help) == (f"{tmp_path / 'train.npz'}: {message}", help)


def test_a_missing_array_is_left_to_the_check_of_all(tmp_path: Path) -> None:
    assert setup(tmp_path, MAPS, other=zeros(3, 12, 9)).inputs["image"].shape == (3, 224, 224)
