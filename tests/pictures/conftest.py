"""Small jobs over small pictures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archc.language.recipe import Recipe
from archc.training.job import Job, Value

RECIPE = {
    "batch": 4,
    "epochs": 2,
    "loss": "cross_entropy",
    "optimizer": {"sgd": {"lr": 0.01, "momentum": 0.9, "weight_decay": 5e-4}},
    "data": {"resize": 12, "crop": [8, 10], "mirror": True, "color_pca": 0.1, "mean": "pixel"},
    "test": "ten_crop",
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
        inputs={"image": Value(shape=(3, 8, 10))},
        output=(10,),
        devices=1,
        recipe=recipe,
        seed=3,
        precision="float32",
        pictures=tmp_path / "pictures",
        built_in=False,
    )


@pytest.fixture
def fill() -> Callable[..., Path]:
    """Folders of random PNGs: {"train/cat": 3} makes three."""

    def fill(root: Path, counts: dict[str, int], *, size: tuple[int, int] = (16, 14)) -> Path:
        random = np.random.default_rng(0)
        for folder, count in counts.items():
            (root / folder).mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 256, (*size, 3), np.uint8)
                Image.fromarray(pixels).save(root / folder / f"{number:03}.png")
        return root

    return fill
