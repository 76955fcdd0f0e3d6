"""Seventeen classes of flowers, drawn or sorted, and AlexNet in Keras trained on them as docs/training.md says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archc.failure import ENVIRONMENT, FINDING
from archc.pictures.flowers import EACH, FLOWERS, SIDE, main
from archc.pictures.folder import find_pictures

ROOT = Path(__file__).parents[2]


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.jpg")}


def test_drawn_flowers_are_the_same_each_time_and_differ_from_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert main([str(tmp_path / name), "--each", "3"]) == 0
    found = files(tmp_path / "one")
    assert found == files(tmp_path / "two")
    assert len(set(found.values())) == 3 * 17
    assert set(find_pictures(tmp_path / "one").classes) == FLOWERS.keys()
    with Image.open(tmp_path / "one" / "daisy" / "0000.jpg") as picture:
        assert (picture.size, picture.mode) == ((SIDE, SIDE), "RGB")


def test_the_classes_have_means_of_their_own(tmp_path: Path) -> None:
    """The colour in the middle of a picture, a centre of another colour or petals, tells most of them apart."""
    assert main([str(tmp_path / "made"), "--each", "6"]) == 0
    means = {
        name: np.mean(
            [np.asarray(Image.open(file))[96:160, 96:160] for file in (tmp_path / "made" / name).iterdir()], 0
        )
        for name in FLOWERS
    }
    colours = [mean.mean((0, 1)) for mean in means.values()]
    distances = [np.abs(one - other).max() for at, one in enumerate(colours) for other in colours[:at]]
    assert np.mean(np.array(distances) > 10) > 0.9


def test_oxfords_pictures_are_sorted_by_their_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "jpg"
    source.mkdir()
    for number in range(1, EACH * len(FLOWERS) + 1):
        (source / f"image_{number:04}.jpg").write_bytes(b"%d" % number)
    assert main([str(tmp_path / "sorted"), "--from", str(source)]) == 0
    found = files(tmp_path / "sorted")
    assert len(found) == 1360
    assert found["daffodil/image_0080.jpg"] == b"80"
    assert found["pansy/image_1281.jpg"] == b"1281"
    (source / "image_0005.jpg").unlink()
    assert main([str(tmp_path / "again"), "--from", str(source)]) == FINDING
    assert "contains no image_0005.jpg" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_a_folder_that_exists_or_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == FINDING
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file" / "flowers")]) == ENVIRONMENT
    errors = capsys.readouterr().err.splitlines()
    assert [line[:5] for line in errors if not line.startswith(" ")] == ["error", "error"]
    for count in ("0", "81", "many"):
        with pytest.raises(SystemExit, match="2"):
            main([str(tmp_path / "new"), "--each", count])


def test_the_documented_commands_train_it(tmp_path: Path) -> None:
    """Two steps, on two pictures of each class."""
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    drawing, training = (
        next(line for line in page.splitlines() if line.startswith(f"    .venv/bin/{begin}")).split()[1:]
        for begin in ("python -m archc.pictures.flowers", "archc train specs/alexnet_flowers17.yaml")
    )
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    for arguments in (
        [*drawing, "--each", "2"],
        ["-m", "archc", *training, "--batch", "17", "--steps", "2", "--run", "run"],
    ):
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ}, check=False)
        assert done.returncode == 0, done.stderr
    assert "17 training and 17 held-out pictures in 17 classes" in done.stdout
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert (tmp_path / "run" / "weights.safetensors").stat().st_size > 4 * 46_816_657
    assert result["figures"]["first_loss"] == pytest.approx(np.log(17), rel=0.1)
