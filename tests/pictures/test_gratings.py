"""The built-in pictures: the same bytes for a seed, whole or not there."""

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.built_in import COUNTS
from archc.pictures.folder import find_pictures
from archc.pictures.gratings import write_gratings

SIZE = (16, 20)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("gratings") / "below" / "set"
    write_gratings(root, size=SIZE, channels=3)
    return root


def digest(root: Path) -> str:
    files = sorted(file for file in root.rglob("*") if file.is_file())
    return hashlib.sha256(b"".join(str(f.relative_to(root)).encode() + f.read_bytes() for f in files)).hexdigest()


def test_eight_classes_split_into_train_and_val(made: Path) -> None:
    found = find_pictures(made)
    assert len(found.classes) == 8
    assert np.bincount([label for _, label in found.train]).tolist() == [COUNTS["train"]] * 8
    assert np.bincount([label for _, label in found.val]).tolist() == [COUNTS["val"]] * 8
    with Image.open(found.train[0][0]) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (20, 16))
    assert made.stat().st_mode & 0o077 == made.parent.stat().st_mode & 0o077


def test_a_seed_gives_the_same_bytes_and_another_seed_others(made: Path, tmp_path: Path) -> None:
    write_gratings(tmp_path / "again", size=SIZE, channels=3)
    assert digest(tmp_path / "again") == digest(made)
    write_gratings(tmp_path / "again", size=SIZE, channels=3, seed=1)
    assert digest(tmp_path / "again") != digest(made)


def test_a_class_differs_from_the_others_by_orientation_or_colour(made: Path) -> None:
    def mean_picture(name: str) -> np.ndarray:
        files = sorted((made / "train" / name).iterdir())
        return np.mean([np.asarray(Image.open(file), np.float64) for file in files], axis=0)

    classes = find_pictures(made).classes
    colours = {name: mean_picture(name).mean((0, 1)) for name in classes}
    for name in classes:
        orientation, colour = name.split("_")
        closest = min((other for other in classes), key=lambda other: np.abs(colours[other] - colours[name]).sum())
        assert closest.split("_")[1] == colour
        assert orientation in ("horizontal", "vertical")


def test_a_whole_set_is_left_as_it_is(made: Path) -> None:
    def times() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in made.rglob("*")}

    before = times()
    write_gratings(made, size=SIZE, channels=3)
    assert times() == before


def test_a_set_of_another_kind_is_replaced(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_gratings(root, size=(8, 8), channels=3)
    write_gratings(root, size=(9, 7), channels=1)
    with Image.open(find_pictures(root).val[0][0]) as picture:
        assert (picture.mode, picture.size) == ("L", (7, 9))
    assert json.loads((root / "gratings.json").read_text())["channels"] == 1


def test_an_empty_folder_is_filled_and_any_other_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "holiday.jpg").touch()
    with pytest.raises(Failure, match="contains other files than the built-in pictures") as failure:
        write_gratings(tmp_path, size=(8, 8), channels=3)
    assert failure.value.code == FINDING
    assert [file.name for file in (tmp_path / "train").iterdir()] == ["holiday.jpg"]
    (tmp_path / "empty").mkdir()
    write_gratings(tmp_path / "empty", size=(8, 8), channels=3)
    assert (tmp_path / "empty" / "gratings.json").exists()


def test_a_set_that_could_not_be_finished_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of the progress who leaves is what ends it here, after the first picture."""
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(ValueError, match="closed file"):
        write_gratings(tmp_path / "set", size=(8, 8), channels=3)
    assert list(tmp_path.iterdir()) == []
