"""Everything that `archc check` accepts can be set up, emitted and planned, or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.backend import load
from archc.language.lowering import LARGEST_TENSOR
from archc.ops.fields import LARGEST
from archc.run.recipe import Overrides
from archc.run.setup import Options, set_up

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
