"""The recipe and the devices of a run: the spec's, with the command line's overrides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import Facts
from archc.backend import load
from archc.failure import Failure
from archc.run.recipe import Overrides, devices_wanted, strategy_wanted, trained_recipe

NONE = Overrides(batch=None, lr=None, steps=None, epochs=None)
BARE = "schema: archc/v1\nname: bare\ninput: {image: [3, 20, 24]}\nlayers: {flat: {op: flatten}}\n"

FactsOf = Callable[[str], Facts]


@pytest.fixture
def facts(facts_of: FactsOf, alexnet: Path) -> Facts:
    return facts_of(alexnet.read_text())


def test_without_overrides_the_spec_s_own(facts: Facts) -> None:
    assert trained_recipe(facts, NONE, 2, data=None) == facts.recipe


def test_the_learning_rate_is_scaled_with_the_batch(facts: Facts) -> None:
    recipe = trained_recipe(facts, Overrides(batch=32, lr=None, steps=None, epochs=None), 2, data=None)
    assert (recipe.batch, recipe.lr) == (32, 0.0025)
    assert recipe.optimizer.sgd and facts.recipe.optimizer.sgd
    assert recipe.optimizer.sgd.momentum == facts.recipe.optimizer.sgd.momentum


def test_a_learning_rate_that_is_given_is_not_scaled(facts: Facts) -> None:
    recipe = trained_recipe(facts, Overrides(batch=32, lr=0.5, steps=None, epochs=7), 1, data=None)
    assert (recipe.lr, recipe.epochs) == (0.5, 7)


def test_the_default_recipe_crops_to_the_networks_input(facts_of: FactsOf) -> None:
    data = trained_recipe(facts_of(BARE), NONE, 1, data=None).data
    assert data is not None
    assert data.crop == (20, 24)


@pytest.mark.parametrize(("batch", "devices"), [(1, 2), (2, 3)])
def test_a_batch_has_a_picture_for_each_device(facts: Facts, batch: int, devices: int) -> None:
    with pytest.raises(Failure) as caught:
        trained_recipe(facts, Overrides(batch=batch, lr=None, steps=None, epochs=None), devices, data=None)
    assert caught.value.code == 2
    assert caught.value.message == f"a batch of {batch} cannot be divided over {devices} devices"
    assert caught.value.help is not None
    assert caught.value.help.startswith(f"use `--batch {devices}`")
    trained_recipe(facts, Overrides(batch=devices + 1, lr=None, steps=None, epochs=None), devices, data=None)


@pytest.mark.parametrize(
    ("image", "layers"),
    [("[3, 20, 24]", "flat: {op: flatten}\n  norm: {NORM}"), ("[3, 2, 2]", "conv: {CONV}\n  norm: {NORM}")],
)
def test_one_picture_has_no_variance(facts_of: FactsOf, image: str, layers: str) -> None:
    """PyTorch would raise in the first step, Keras go on with NaN."""
    fields = {"NORM": "op: batch_norm, epsilon: 1e-5, momentum: 0.9", "CONV": "op: conv2d, filters: 2, kernel: 2"}
    for name, field in fields.items():
        layers = layers.replace(name, field)
    facts = facts_of(f"schema: archc/v1\nname: one\ninput: {{image: {image}}}\nlayers:\n  {layers}\n")
    with pytest.raises(Failure, match="norm normalises each value over the batch") as caught:
        trained_recipe(facts, Overrides(batch=1, lr=None, steps=None, epochs=None), 1, data=None)
    assert (caught.value.code, caught.value.help) == (2, "use `--batch 2`")
    for devices in (1, 2):  # which normalise over the batch of both
        trained_recipe(facts, Overrides(batch=2, lr=None, steps=None, epochs=None), devices, data=None)


def test_one_picture_of_several_values_a_map_has_a_variance(facts_of: FactsOf) -> None:
    facts = facts_of(BARE.replace("flat: {op: flatten}", "n: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}"))
    assert trained_recipe(facts, Overrides(batch=1, lr=None, steps=None, epochs=None), 1, data=None).batch == 1


@pytest.mark.parametrize("lr", [float("nan"), float("inf"), 0.0, -0.1])
def test_a_learning_rate_is_finite_and_above_0(facts: Facts, lr: float) -> None:
    with pytest.raises(Failure, match="is not a valid learning rate") as caught:
        trained_recipe(facts, Overrides(batch=None, lr=lr, steps=None, epochs=None), 1, data=None)
    assert caught.value.code == 2


def test_one_end_of_a_run(facts: Facts) -> None:
    with pytest.raises(Failure, match="both limit the run") as caught:
        trained_recipe(facts, Overrides(batch=None, lr=None, steps=5, epochs=1), 1, data=None)
    assert caught.value.code == 2


def test_devices(facts: Facts, facts_of: FactsOf) -> None:
    assert [devices_wanted(asked, None, facts) for asked in (None, 1, 4)] == [2, 1, 4]
    assert [devices_wanted(asked, None, facts_of(BARE)) for asked in (None, 2)] == [1, 2]
    assert devices_wanted(None, "hybrid", facts_of(BARE)) == 2


def test_the_strategy(facts: Facts, facts_of: FactsOf) -> None:
    torch, keras, bare = load("torch"), load("keras"), facts_of(BARE)
    assert strategy_wanted(None, 2, facts, torch) == "columns"
    assert strategy_wanted(None, 2, facts, keras) == "data"
    assert strategy_wanted(None, 1, facts, torch) == "data"
    assert strategy_wanted(None, 2, bare, torch) == "data"
    assert strategy_wanted("hybrid", 2, bare, torch) == "hybrid"
    assert strategy_wanted("data", 2, facts, keras) == "data"
    with pytest.raises(Failure, match="the backend `keras` does not train with `--parallel columns`"):
        strategy_wanted("columns", 2, facts, keras)
    with pytest.raises(Failure, match="`--parallel data` needs several devices, and there is one"):
        strategy_wanted("data", 1, facts, torch)
