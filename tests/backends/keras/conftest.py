"""A small network's source, a few pictures, jobs to train the one on the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archc.training.job import Job

SOURCE = """
import keras
from archc_keras.snippets.batch_norm import BatchNorm
from archc_keras.snippets.grouped_conv import GroupedConv2D
from archc_keras.snippets.lrn import LocalResponseNorm
from archc_keras.snippets.momentum_sgd import MomentumSGD
from keras import initializers, layers


def normal():
    return initializers.RandomNormal(stddev=0.02)


def sgd():
    return MomentumSGD(0.001, momentum=0.9, weight_decay=0.1, undecayed=("bias",))


class Small(keras.Model):
    def __init__(self):
        image = keras.Input((32, 32, 3), name="image")
        x = layers.Conv2D(8, 5, strides=2, kernel_initializer=normal(), name="conv1")(image)
        x = NORM(x)  # 14 x 14 x 8
        x = LocalResponseNorm(3, alpha=0.01, beta=0.75, k=2.0, groups=2, name="norm1")(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)  # 6 x 6 x 8
        x = GroupedConv2D(12, 3, padding="same", groups=2, kernel_initializer=normal(), name="conv2")(x)
        x = layers.Permute((3, 1, 2), name="flat_order")(x)
        x = layers.Flatten(name="flat")(x)
        x = layers.Dense(16, kernel_initializer=normal(), bias_initializer="ones", name="fc3")(x)
        x = layers.Dropout(RATE, name="drop3")(x)
        x = layers.Dense(7, kernel_initializer=normal(), name="fc4")(x)
        super().__init__(image, x, name="small")
"""

CLASSES = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
TRAIN, HELD_OUT = 8, (5, 4, 4)
"""Pictures of a class."""


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures to train on, 13 held out, of three colours."""
    root = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    for (name, colour), held_out in zip(CLASSES.items(), HELD_OUT, strict=True):
        for split, count in (("train", TRAIN), ("val", held_out)):
            folder = root / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(random.normal(colour, 60, (40, 40, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return root


@pytest.fixture
def make_job(pictures: Path, tmp_path: Path) -> Callable[..., Job]:
    """A job in a new folder that holds the small network's source and the job's file."""

    def make(
        name: str, *, devices: int = 2, rate: float = 0.0, batch: int = 6, normalised: bool = False, **fields: Any
    ) -> Job:
        run = tmp_path / name
        run.mkdir()
        norm = 'BatchNorm(momentum=0.5, epsilon=1e-3, name="bn1")' if normalised else 'layers.ReLU(name="relu1")'
        (run / "small.py").write_text(SOURCE.replace("RATE", str(rate)).replace("NORM", norm))
        recipe = {
            "batch": batch,
            "epochs": 2,
            "loss": "cross_entropy",
            "optimizer": {"sgd": {"lr": 0.001, "momentum": 0.9, "weight_decay": 0.1}},
            "data": {"resize": 36, "crop": 32, "mirror": True, "color_pca": 0.1, "mean": "pixel"},
            "test": "ten_crop",
        }
        job = Job.model_validate(
            {
                "name": "small",
                "run": run,
                "source": "small.py",
                "model": "Small",
                "inputs": {"image": {"shape": (3, 32, 32)}},
                "output": (7,),
                "devices": devices,
                "recipe": recipe,
                "seed": 5,
                "precision": "float32",
                "pictures": pictures,
                "built_in": False,
                **fields,
            }
        )
        (run / "job.json").write_text(job.model_dump_json())
        return job

    return make
