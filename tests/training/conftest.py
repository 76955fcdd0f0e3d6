"""A job as `archc train` writes it, in a folder of its own."""

from pathlib import Path

import pytest

from archc.language.recipe import Recipe
from archc.training.job import Job, Value

RECIPE = {
    "batch": 8,
    "epochs": 3,
    "loss": "cross_entropy",
    "optimizer": {"sgd": {"lr": 0.5, "momentum": 0.9, "weight_decay": 5e-4}},
    "schedule": {"on_plateau": {"factor": 0.1, "times": 2, "patience": 2}},
    "data": {"resize": 8, "crop": [6, 7], "mirror": True, "color_pca": 0.1, "mean": "pixel"},
    "test": "center",
}


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.model_validate(RECIPE)


@pytest.fixture
def job(tmp_path: Path, recipe: Recipe) -> Job:
    return Job(
        name="tiny",
        run=tmp_path,
        source="tiny.py",
        model="Tiny",
        inputs={"image": Value(shape=(3, 6, 7))},
        output=(5,),
        devices=2,
        recipe=recipe,
        seed=0,
        precision="float32",
        pictures=tmp_path / "pictures",
        built_in=True,
    )
