"""Models of emitted source; a small network's as the emitter would write it, a few pictures, jobs to train on them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from archc.analysis import Facts
from archc.backend import Origin, Request, load
from archc.graph import Graph
from archc.training.job import Job

SOURCE = """
from collections import OrderedDict

import os
import signal

import torch
from archc_torch.snippets.averaged import over_ranks
from archc_torch.snippets.lrn import LRN
from archc_torch.snippets.momentum_sgd import MomentumSGD
from archc_torch.snippets.shared_batch_norm import SharedBatchNorm
from torch import Tensor, nn


class Small(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(3, 8, 5, stride=2),  # 8 x 14 x 14
                relu1=nn.ReLU(),
                norm1=NORM,
                pool1=nn.MaxPool2d(3, stride=2),  # 8 x 6 x 6
                conv2=nn.Conv2d(8, 12, 3, padding=1, groups=2),  # 12 x 6 x 6
                flat=nn.Flatten(),
                fc3=nn.Linear(432, 16),
                drop3=nn.Dropout(RATE),
                fc4=nn.Linear(16, 7),
            ),
        )
        for layer in (self.conv1, self.conv2, self.fc3, self.fc4):
            nn.init.normal_(layer.weight, std=0.02)

    def forward(self, image: Tensor) -> Tensor:
        if os.environ.get("RANK") == "1":
            FAULT
        return super().forward(image)


def build(seed: int) -> Small:
    torch.manual_seed(seed)
    model = Small()
    torch.manual_seed(seed)
    return model


def sgd(model: nn.Module) -> MomentumSGD:
    return MomentumSGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=0.1)
"""

LRN = "LRN(3, alpha=0.01, beta=0.75, k=2, groups=2)"

Build = Callable[[Facts, Graph], nn.Module]

CLASSES = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
TRAIN, HELD_OUT = 8, (5, 4, 4)
"""Pictures of a class."""


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The model of an emitted file, imported as any other module."""

    def build(facts: Facts, graph: Graph) -> nn.Module:
        source = load("torch").emit(Request(graph, facts.counts, facts.recipe, Origin.of("spec.yaml", b"")))
        place = tmp_path_factory.mktemp("emitted") / "emitted.py"
        place.write_text(source.text, encoding="utf-8")
        specification = importlib.util.spec_from_file_location("emitted", place)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        torch.manual_seed(0)
        return getattr(module, source.class_name)()

    return build


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """24 pictures to train on, 13 held out, of three colours."""
    root = tmp_path / "pictures"
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

    def make(name: str, *, rate: float = 0.0, fault: str = "pass", norm: str = LRN, **fields: Any) -> Job:
        run = tmp_path / name
        run.mkdir()
        source = SOURCE.replace("RATE", str(rate)).replace("FAULT", fault).replace("NORM", norm)
        (run / "small.py").write_text(source)
        recipe = {
            "batch": 6,
            "epochs": 2,
            "loss": "cross_entropy",
            "optimizer": {"sgd": {"lr": 0.001, "momentum": 0.9, "weight_decay": 0.1}},
            "data": {"resize": 36, "crop": 32, "mirror": True, "color_pca": 0.1, "mean": "pixel"},
            "test": "ten_crop",
        }
        given = {"devices": 2, "seed": 3, "precision": "float32", **fields}
        job = Job.model_validate(
            {
                "name": "small",
                "run": run,
                "source": "small.py",
                "model": "Small",
                "inputs": {"image": {"shape": (3, 32, 32)}},
                "output": (7,),
                "recipe": recipe,
                "pictures": pictures,
                "built_in": False,
                **given,
            }
        )
        (run / "job.json").write_text(job.model_dump_json())
        return job

    return make
