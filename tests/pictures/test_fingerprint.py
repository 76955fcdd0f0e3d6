"""The hash of a run's pictures: what `sha256sum` and `sort` make of them, and another one for any other set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from archc.failure import FINDING, Failure
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.fingerprint import fingerprint
from archc.training.job import Job
from archc.training.result import Data, read_result

CONTENTS = {"val/b/1.png": b"four", "train/b/a b.jpg": b"", "train/B/é.JPG": b"two", "train/a/10.jpg": b"three"}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, content in CONTENTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in CONTENTS]


def test_it_is_that_of_the_lines_of_sha256sum(tmp_path: Path, files: list[Path]) -> None:
    names = ["train/B/é.JPG", "train/a/10.jpg", "train/b/a b.jpg", "val/b/1.png"]
    lines = "".join(f"{hashlib.sha256(CONTENTS[name]).hexdigest()}  {name}\n" for name in names)
    expected = Data(files=4, bytes=12, sha256=hashlib.sha256(lines.encode()).hexdigest())
    assert fingerprint(tmp_path, files) == fingerprint(tmp_path, files[::-1]) == expected


def test_a_name_does_not_pass_for_the_line_of_another_file(tmp_path: Path) -> None:
    """Written as it is, this name would end its line and begin one more; `sha256sum` escapes it, too."""
    (tmp_path / "a").write_bytes(b"one")
    name = f"a\n{hashlib.sha256(b'two').hexdigest()}  b\\"
    (tmp_path / name).write_bytes(b"one")
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    line = f"\\{hashlib.sha256(b'one').hexdigest()}  {escaped}\n"
    assert fingerprint(tmp_path, [tmp_path / name]).sha256 == hashlib.sha256(line.encode()).hexdigest()


@pytest.mark.parametrize("change", ["content", "name", "class", "one less"])
def test_another_set_has_another_hash(tmp_path: Path, files: list[Path], change: str) -> None:
    before = fingerprint(tmp_path, files)
    *others, last = files
    if change == "content":
        last.write_bytes(b"THREE")
    elif change != "one less":
        others.append(last.rename(tmp_path / {"name": "train/a/1.jpg", "class": "train/b/10.jpg"}[change]))
    after = fingerprint(tmp_path, files if change == "content" else others)
    assert after.sha256 != before.sha256


def test_a_file_that_is_gone_is_one_line(tmp_path: Path, files: list[Path]) -> None:
    files[1].unlink()
    with pytest.raises(Failure, match=r"cannot read .*/train/b/a b\.jpg: No such file or directory") as failure:
        fingerprint(tmp_path, files)
    assert failure.value.code == FINDING


def test_the_result_of_a_run_has_the_hash_of_all_its_pictures(job: Job, fill: Callable[..., Path]) -> None:
    root = fill(job.pictures, {"train/cat": 3, "train/dog": 3, "val/cat": 1, "val/dog": 2})
    open_pictures(job, job_pictures(job))
    result = read_result(job.run)
    assert result is not None and result.data is not None
    assert result.data == fingerprint(root, [*root.glob("*/*/*.png")])
    assert (result.data.files, result.data.bytes) == (9, sum(f.stat().st_size for f in root.glob("*/*/*.png")))
