"""Everything that `archc check` accepts can be set up, emitted and planned, or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.backend import load
from archc.failure import Failure
from archc.language.lowering import LARGEST_TENSOR
from archc.ops.fields import LARGEST
from archc.run.recipe import Overrides
from archc.run.setup import Options, Setup, set_up

TRAINED = """\
schema: archc/v1
name: odd
input: {{image: [{}, {}, {}]}}
layers:
  pool: {{op: max_pool2d, kernel: [{height}, {width}], stride: 1}}
  flat: {{op: flatten}}
  fc: {{op: dense, units: 9, weight_init: {{he_normal: {{}}}}}}
"""
TORCH = load("torch")
NONE = Overrides(batch=None, lr=None, steps=None, epochs=None)

lengths = st.one_of(
    st.sampled_from([1, 2, 3, 227, 65_500, 65_536, 1_904_214_015, 1_904_214_016, 1_904_214_017, LARGEST - 1, LARGEST]),
    st.integers(1, LARGEST),
)


def spec(channels: int, height: int, width: int) -> str:
    return TRAINED.format(channels, height, width, height=height, width=width)


def facts(text: str) -> Facts | None:
    return analyse(text.encode(), "odd.yaml").facts


@settings(max_examples=150)
@given(channels=st.sampled_from([1, 3, 4, 1024]), height=lengths, width=lengths)
def test_each_shape_that_is_checked_has_a_default_recipe(channels: int, height: int, width: int) -> None:
    found = facts(spec(channels, height, width))
    assert (found is not None) == (channels * height * width <= LARGEST_TENSOR)
    if found is not None:
        assert found.recipe.data is not None
        assert max(height, width) <= found.recipe.data.resize <= LARGEST
        assert set_up(found, Options(None, None, None, NONE, 0, "float32", 60), TORCH).recipe.data == found.recipe.data


@pytest.mark.parametrize("image", [(1, 1, 2_000_000_000), (3, LARGEST, 1), (1, 2**20, 2**20), (1, 1, 1)])
@pytest.mark.parametrize("command", ["check", "plan", "build -o -", "graph -o -"])
def test_commands_take_the_largest_and_the_smallest_input(
    archc, here: Path, image: tuple[int, int, int], command: str
) -> None:
    Path("odd.yaml").write_text(spec(*image))
    result = archc(*command.split(), "odd.yaml")
    assert result.code == 0, result.err


FREE = """\
schema: archc/v1
name: free
input: {image: [3, null, null]}
defaults: {conv2d: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 3, from: image}
  pool1: {op: max_pool2d, kernel: 4, stride: 4}
  up1: {op: upsample, factor: 4, mode: nearest}
outputs: [up1]
train:
  batch: 2
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.1, momentum: 0, weight_decay: 0}}
"""


def set_up_on_arrays(folder: Path, *size: int) -> Setup:
    found = facts(FREE)
    assert found is not None
    np.savez(folder / "train.npz", image=np.zeros((2, 3, *size)), target=np.zeros((2, *size), int))
    return set_up(found, Options(None, None, folder, NONE, 0, "float32", 60), TORCH)


@pytest.mark.parametrize(("size", "output"), [((22, 31), (20, 28)), ((224, 224), (220, 220))])
def test_free_sizes_are_those_of_the_arrays(tmp_path: Path, size: tuple[int, int], output: tuple[int, int]) -> None:
    setup = set_up_on_arrays(tmp_path, *size)
    assert setup.inputs["image"].shape == (3, *size)
    assert setup.output == (4, *output)


def test_arrays_of_the_usual_size_have_sizes_that_are_plain_numbers(tmp_path: Path) -> None:
    setup = set_up_on_arrays(tmp_path, 224, 224)
    assert {type(size) for size in (*setup.inputs["image"].shape, *setup.output)} == {int}


def test_arrays_too_small_for_the_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cannot read `image` of \[3, 5, 40\]: pool1's window is 4 high") as caught:
        set_up_on_arrays(tmp_path, 5, 40)
    assert caught.value.help == "save examples with H from 6 and W from 6"


def test_arrays_of_other_axes_are_refused_with_the_free_sizes(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"`image` has the shape \[2, 3, 22, 31, 3\], and free needs \[n, 3, H, W\]"):
        set_up_on_arrays(tmp_path, 22, 31, 3)
