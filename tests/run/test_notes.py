"""The lines on how a run differs from its spec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.analysis import Facts
from archc.language.spec import Strategy
from archc.run.notes import run_notes
from archc.run.recipe import Overrides, trained_recipe

GUIDE = Path(__file__).parents[2] / "docs" / "training.md"
BARE = "schema: archc/v1\nname: bare\ninput: {image: [3, 20, 24]}\nlayers: {flat: {op: flatten}}\n"
SCALED = (
    "batch: 32 instead of the recipe's 128; the learning rate is scaled with it: "
    "0.01 × 32/128 = 0.0025 (`--lr` sets another)"
)

FactsOf = Callable[[str], Facts]


def notes(
    facts: Facts,
    devices: int,
    *,
    batch: int | None = None,
    lr: float | None = None,
    steps: int | None = None,
    strategy: Strategy = "data",
    backend: str = "torch",
) -> list[str]:
    overrides = Overrides(batch=batch, lr=lr, steps=steps, epochs=None)
    return run_notes(facts, overrides, trained_recipe(facts, overrides, devices, data=None), devices, strategy, backend)


@pytest.fixture
def facts(facts_of: FactsOf, alexnet: Path) -> Facts:
    return facts_of(alexnet.read_text())


def test_a_run_that_follows_its_spec_needs_no_line(facts: Facts, facts_of: FactsOf, alexnet: Path) -> None:
    assert notes(facts, 1) == []
    assert notes(facts, 1, batch=128, lr=0.01, steps=5) == []
    data = alexnet.read_text().replace("strategy: columns", "strategy: data")
    assert notes(facts_of(data.replace(", exchanges: [conv3, fc6, fc7, fc8]", "")), 2) == []


def test_another_strategy(facts: Facts) -> None:
    assert notes(facts, 2, strategy="columns") == []
    assert notes(facts, 2, strategy="hybrid") == ["strategy: `hybrid` instead of the spec's `columns`, as asked"]
    assert notes(facts, 4, backend="keras") == [
        "strategy: `data` instead of the spec's `columns`, since the backend `keras` trains no other"
    ]
    assert notes(facts, 1) == []


def test_another_batch_and_another_learning_rate(facts: Facts) -> None:
    given = "learning rate: 0.5 instead of the recipe's 0.01"
    assert notes(facts, 1, batch=32) == [SCALED]
    assert notes(facts, 1, lr=0.5) == [given]
    assert notes(facts, 1, batch=32, lr=0.5) == ["batch: 32 instead of the recipe's 128", given]


def test_the_default_recipe(facts_of: FactsOf) -> None:
    default = (
        "recipe: the spec has no `train:`; using the default, adamw with lr 0.001 (all of it in the run's job.json)"
    )
    assert notes(facts_of(BARE), 2) == [default]


def test_a_rate_of_adamw_is_scaled_with_the_root_of_the_batch(facts_of: FactsOf) -> None:
    _, scaled = notes(facts_of(BARE), 1, batch=32)
    assert scaled == (
        "batch: 32 instead of the recipe's 128; the learning rate is scaled with it: "
        "0.001 × √(32/128) = 0.0005 (`--lr` sets another)"
    )


def test_the_guide_shows_this_line() -> None:
    lines = [line.strip() for line in GUIDE.read_text().splitlines()]
    assert SCALED in lines
