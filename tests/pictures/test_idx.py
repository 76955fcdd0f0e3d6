"""idx files become folders of the same pictures."""

import gzip
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.folder import find_pictures
from archc.pictures.idx import convert, main, read_idx

LABELS = {"train": [2, 0, 1, 0, 2, 0, 1, 0, 0, 0, 0], "t10k": [1, 0, 2, 0]}


def idx(array: NDArray[np.uint8]) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + b"".join(length.to_bytes(4, "big") for length in array.shape)
    return header + array.tobytes()


def pixels(stem: str) -> NDArray[np.uint8]:
    return np.random.default_rng(len(stem)).integers(0, 256, (len(LABELS[stem]), 5, 4), np.uint8)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A set of three classes; its test half gzipped."""
    folder = tmp_path / "idx"
    folder.mkdir()
    for stem, labels in LABELS.items():
        for name, array in (("images-idx3", pixels(stem)), ("labels-idx1", np.array(labels, np.uint8))):
            data = idx(array)
            (folder / f"{stem}-{name}-ubyte{'.gz' if stem == 't10k' else ''}").write_bytes(
                gzip.compress(data) if stem == "t10k" else data
            )
    return folder


def read(folder: Path) -> dict[str, NDArray[np.uint8]]:
    return {str(f.relative_to(folder)): np.asarray(Image.open(f)) for f in sorted(folder.rglob("*.png"))}


def test_every_picture_comes_back_in_its_class(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "folders"
    assert main([str(source), str(target)]) == 0
    for split, stem in (("train", "train"), ("val", "t10k")):
        expected = {f"{label}/{number:05}.png": pixels(stem)[number] for number, label in enumerate(LABELS[stem])}
        found = read(target / split)
        assert found.keys() == expected.keys()
        for name, picture in expected.items():
            np.testing.assert_array_equal(found[name], picture)
    assert find_pictures(target).classes == ("0", "1", "2")
    assert [entry.name for entry in target.parent.iterdir()] == ["folders"]


def test_classes_are_named_and_limited(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert main([str(source), str(target), "--classes", "shirt,ankle boot,bag", "--limit", "5"]) == 0
    assert sorted(read(target / "train")) == [
        *(f"ankle boot/{number:05}.png" for number in (2, 6)),
        *(f"bag/{number:05}.png" for number in (0, 4)),
        *(f"shirt/{number:05}.png" for number in (1, 3, 5, 7, 8)),
    ]
    assert sorted(read(target / "val")) == ["ankle boot/00000.png", "bag/00002.png", "shirt/00001.png"]
    few = tmp_path / "few"
    assert main([str(source), str(few), "--limit", "1", "--held-out", "2"]) == 0
    assert [len(read(few / split)) for split in ("train", "val")] == [3, 4]


def test_a_label_without_a_name_is_refused_before_anything_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Failure, match="label 2 has no name: `--classes` has 2"):
        convert(source, tmp_path / "out", classes=("a", "b"))
    assert not (tmp_path / "out").exists()


def test_a_target_that_exists_is_left_alone(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    assert main([str(source), str(tmp_path / "out")]) == FINDING
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'out'} already exists\n")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_target_that_cannot_be_made_is_one_line(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main([str(source), str(tmp_path / "file" / "out")]) == 3
    assert capsys.readouterr().err.startswith(f"error: cannot write {tmp_path / 'file' / 'out'}: ")


def test_a_missing_file_is_named(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source / "train-labels-idx1-ubyte").unlink()
    assert main([str(source), str(tmp_path / "out")]) == FINDING
    assert "contains neither train-labels-idx1-ubyte nor train-labels-idx1-ubyte.gz" in capsys.readouterr().err


def test_pictures_and_labels_must_agree_in_number(source: Path, tmp_path: Path) -> None:
    (source / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(3, np.uint8)))
    with pytest.raises(Failure, match="11 train pictures, but 3 labels"):
        convert(source, tmp_path / "out")


WHOLE = idx(np.arange(12, dtype=np.uint8).reshape(3, 2, 2))


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # a test's name must not change with the time


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty", b"", "not an idx file of bytes in 3 dimensions"),
        ("short", WHOLE[:10], "not an idx file of bytes in 3 dimensions"),
        ("floats", bytes((0, 0, 13, 3)) + WHOLE[4:], "not an idx file of bytes in 3 dimensions"),
        ("vector", bytes((0, 0, 8, 1)) + WHOLE[4:], "not an idx file of bytes in 3 dimensions"),
        ("cut", WHOLE[:-1], "expected 3 × 2 × 2 bytes, got 11"),
        ("long", WHOLE + b"x", "expected 3 × 2 × 2 bytes, got more"),
        ("bomb.gz", _gzip(WHOLE + bytes(40 * 2**20)), "expected 3 × 2 × 2 bytes, got more"),
        ("none", bytes((0, 0, 8, 3)) + bytes(12), "the file contains no values: 0 × 0 × 0"),
        (
            "huge",
            bytes((0, 0, 8, 3)) + b"\xff" * 12,
            "4294967295 × 4294967295 × 4294967295 bytes are above the limit, 1 GiB",
        ),
        ("plain.gz", WHOLE, "Not a gzipped file"),
        ("cut.gz", _gzip(WHOLE)[:-9], "ended before"),
        ("flipped.gz", _gzip(WHOLE)[:12] + b"\xff\xff" + _gzip(WHOLE)[14:], ""),
    ],
)
def test_a_broken_file_is_named_with_the_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(Failure) as failure:
        read_idx(file, dimensions=3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**21
    assert failure.value.message.startswith(f"{file}: ")
    assert reason in failure.value.message
    assert failure.value.code == FINDING


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(WHOLE)
    np.testing.assert_array_equal(read_idx(tmp_path / "whole", dimensions=3).ravel(), np.arange(12))


@pytest.mark.parametrize(
    "wrong",
    [
        ["--classes", "a,a,b"],
        ["--classes", "a,,b"],
        ["--classes", "a,b/c,d"],
        ["--classes", "a,..,d"],
        ["--limit", "0"],
        ["--limit", "-1"],
        ["--limit", "many"],
    ],
)
def test_wrong_usage_is_said_so(
    source: Path, tmp_path: Path, wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(source), str(tmp_path / "out"), *wrong])
    assert left.value.code == 2
    assert "expected" in capsys.readouterr().err


def test_it_runs_as_a_module(source: Path, tmp_path: Path) -> None:
    import subprocess

    command = [sys.executable, "-m", "archc.pictures.idx", str(source), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "writing val 4/4" in done.stdout
