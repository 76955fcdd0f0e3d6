"""The pictures that trained weights are tested on, and what model.json has of those that they were trained on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from archc.failure import FINDING, Failure
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.decoding import SeveralUnreadable
from archc.pictures.held_out import other_pictures, own_pictures
from archc.training.description import Description, StoredFile, read_description, stored, write_description
from archc.training.job import Job

ODD = os.fsdecode(b"caf\xe9")
CLASSES = ("ant", "caf\\udce9", "dog")


@pytest.fixture
def opened(job: Job, fill: Callable[..., Path]) -> Job:
    """A job whose pictures, of three classes, have been made ready by `archc train`."""
    fill(job.pictures, {"train/ant": 4, f"train/{ODD}": 4, "train/dog": 4, "val/ant": 2, f"val/{ODD}": 3, "val/dog": 1})
    source = StoredFile(path="tiny.py", sha256="0" * 64)
    made = {"inputs": job.inputs, "output": job.output, "loss": "cross_entropy", "precision": "float32"}
    described = {"name": "tiny", "backend": "torch", "source": source, "model": "Tiny", **made}
    write_description(job.run, Description.model_validate(described))
    open_pictures(job, job_pictures(job))
    return job


def test_classes_and_preparation_are_described(opened: Job) -> None:
    found = read_description(opened.run)
    assert found.classes == CLASSES, "a name that is not UTF-8 has escapes"
    own, preparation = own_pictures(opened), found.preparation
    assert preparation is not None
    assert (preparation.resize, preparation.crop, preparation.test) == (12, (8, 10), "ten_crop")
    assert preparation.statistics == stored(opened.statistics)
    np.testing.assert_allclose(preparation.mean, own.statistics.mean.mean((0, 1)), rtol=1e-6)
    assert [label for _, label in own.val] == [0, 0, 1, 1, 1, 2]


def test_pictures_of_a_run_that_are_others_now(opened: Job) -> None:
    (opened.pictures / "train" / "ant" / "000.png").rename(opened.pictures / "train" / "ant" / "x.png")
    with pytest.raises(Failure, match="no longer has the pictures of the run") as caught:
        own_pictures(opened)
    assert caught.value.code == FINDING


def test_other_pictures_have_the_labels_of_the_run(opened: Job, fill: Callable[..., Path], tmp_path: Path) -> None:
    one = fill(tmp_path / "one", {"dog": 2, ODD: 1})
    assert [(file.parent.name, label) for file, label in other_pictures(opened, one, CLASSES).val] == [
        (ODD, 1),
        ("dog", 2),
        ("dog", 2),
    ]
    both = fill(tmp_path / "both", {"train/dog": 2, "val/ant": 1})
    assert [file.parent.parent.name for file, _ in other_pictures(opened, both, CLASSES).val] == ["val"]


def test_other_pictures_that_cannot_be_evaluated(opened: Job, fill: Callable[..., Path], tmp_path: Path) -> None:
    strange = fill(tmp_path / "strange", {"cat": 2, "dog": 1})
    with pytest.raises(Failure, match="1 class that the network was not trained on: cat") as caught:
        other_pictures(opened, strange, CLASSES)
    assert caught.value.help == "name class folders as in training: ant, caf\\udce9, dog"
    (tmp_path / "none" / "dog").mkdir(parents=True)
    with pytest.raises(Failure, match="none contains no pictures"):
        other_pictures(opened, tmp_path / "none", CLASSES)
    flat = fill(tmp_path / "flat", {".": 2})
    with pytest.raises(Failure, match="flat contains pictures, but no class folders") as caught:
        other_pictures(opened, flat, CLASSES)
    assert caught.value.help == "the layout is DIR/val/CLASS/*.jpg or DIR/CLASS/*.jpg"
    broken = fill(tmp_path / "broken", {"dog": 2})
    for number in range(2):
        (broken / "dog" / f"00{number}.png").write_bytes(b"nothing")
    with pytest.raises(SeveralUnreadable, match="cannot read 2 pictures of 2"):
        other_pictures(opened, broken, CLASSES)
