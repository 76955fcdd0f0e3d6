"""Pictures that cannot be read are all named before a run, whichever way they are broken."""

from __future__ import annotations

import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.checking import check_files
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.decoding import START_OF_SCAN, SeveralUnreadable, square
from archc.pictures.folder import find_pictures
from archc.training.job import Job


def encoded(kind: str, mode: str = "RGB") -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, kind)
    return stream.getvalue()


JPEG, PNG = encoded("JPEG"), encoded("PNG")
READABLE = {
    "jpeg": JPEG,
    "jpeg with an appendix": JPEG + b"MotionPhoto",
    "png": PNG,
    "grey png": encoded("PNG", "L"),
    "palette png": encoded("PNG", "P"),
    "png with an appendix": PNG + b"more",
}
BROKEN = {
    "empty": b"",
    "text": b"<html>not found</html>",
    "gif": encoded("GIF"),
    "cut jpeg": JPEG[: len(JPEG) // 2],
    "cut jpeg header": JPEG[:10],
    "cut png": PNG[: len(PNG) // 2],
    "cut png header": PNG[:20],
    "png with a wrong byte": PNG[:2000] + bytes([PNG[2000] ^ 1]) + PNG[2001:],
}


def refused(files: list[Path]) -> Failure:
    failure = SeveralUnreadable(check_files(files, 8).bad, of=len(files))
    assert failure.code == FINDING
    return failure


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_what_can_be_decoded_passes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "picture.jpg").write_bytes(content)
    square(tmp_path / "picture.jpg", 8, channels=3)
    assert not check_files([tmp_path / "picture.jpg"], 8).bad


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_decoded_is_refused_as_in_a_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "picture.jpg").write_bytes(content)
    with pytest.raises(Failure) as later:
        square(tmp_path / "picture.jpg", 8, channels=3)
    assert str(refused([tmp_path / "picture.jpg"])) == str(later.value)


def test_all_are_named_at_once(tmp_path: Path) -> None:
    files = [tmp_path / f"{number:02}.jpg" for number in range(20)]
    for number, file in enumerate(files):
        file.write_bytes(b"" if number % 4 == 1 else JPEG)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    failure = refused([*files, tmp_path / "gone.jpg"])
    named = [f"{files[number]} (the file is empty)" for number in (1, 5, 9, 13, 17)]
    assert failure.message.startswith(f"cannot read 6 pictures of 21: {', '.join(named)}, {tmp_path / 'gone.jpg'} (")
    assert failure.help == "replace these files or remove them"


def test_a_jpeg_of_many_scans_is_not_decoded(tmp_path: Path) -> None:
    """Each scan takes 8 ms: a megabyte of them would take four minutes."""
    file = tmp_path / "scans.jpg"
    Image.new("RGB", (4000, 4000)).save(file, progressive=True, subsampling=0)
    data = file.read_bytes()
    last = data[data.rindex(START_OF_SCAN) : -2]
    assert len(last) < 40
    file.write_bytes(data[:-2] + 90 * last + data[-2:])
    assert not check_files([file], 8).bad
    file.write_bytes(data[:-2] + 40_000 * last + data[-2:])
    began = time.monotonic()
    assert refused([file]).message == f"cannot read {file}: it has 40,010 scans; the limit is 100"
    with pytest.raises(Failure, match="it has 40,010 scans"):
        square(file, 8, channels=3)
    assert time.monotonic() - began < 10


SPECIAL = {
    "pipe.jpg": "a named pipe, not a regular file",
    "socket.png": "a socket, not a regular file",
    "device.jpg": "a device, not a regular file",
    "folder.jpg": "a folder, not a regular file",
    "dangling.jpg": "a link that leads nowhere",
    "circle.jpg": "Too many levels of symbolic links",
}


@pytest.fixture
def special(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data set with each kind of file that is not a picture's, in train/ and in val/."""
    for folder in (tmp_path / "set" / split / label for split in ("train", "val") for label in "ab"):
        folder.mkdir(parents=True)
        (folder / "good.png").write_bytes(PNG)
        monkeypatch.chdir(folder)  # the path of a socket is at most 108 bytes long
        os.mkfifo("pipe.jpg")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.png")
        (folder / "device.jpg").symlink_to("/dev/zero")
        (folder / "folder.jpg").mkdir()
        (folder / "dangling.jpg").symlink_to("nowhere")
        (folder / "circle.jpg").symlink_to("circle.jpg")
    yield tmp_path / "set"
    monkeypatch.undo()


def test_what_is_not_a_regular_file_is_refused_at_once_and_never_waited_for(special: Path) -> None:
    found = find_pictures(special)
    files = [file for file, _ in (*found.train, *found.val)]
    message = refused(files).message
    assert message.startswith(f"cannot read {4 * len(SPECIAL)} pictures of {len(files)}: ")
    assert len(files) == 4 * (len(SPECIAL) + 1)
    for name, reason in SPECIAL.items():
        place = special / "train" / "a" / name
        assert str(refused([place])) == f"error: cannot read {place}: {reason}\n  replace the file or remove it"
        with pytest.raises(Failure) as later:
            square(place, 8, channels=3)
        assert later.value.message == f"cannot read {place}: {reason}"


def test_a_long_list_ends_in_a_count(tmp_path: Path) -> None:
    files = [tmp_path / f"{number:03}.jpg" for number in range(200)]
    for file in files:
        file.touch()
    assert refused(files).message.endswith(f"{files[11]} (the file is empty) and 188 more")


def test_held_out_pictures_are_checked_too(job: Job, fill: Callable[..., Path]) -> None:
    root = fill(job.pictures, {"train/a": 4, "train/b": 4, "val/a": 2, "val/b": 2})
    (root / "val/b/001.png").write_bytes(PNG[:100])
    (root / "train/a/000.png").write_bytes(b"")
    with pytest.raises(Failure, match="cannot read 2 pictures of 12: ") as failure:
        open_pictures(job, job_pictures(job))
    assert f"{root / 'val/b/001.png'} (" in failure.value.message
    assert not job.statistics.exists()


def test_a_checksum_that_is_right_over_wrong_data_is_found_by_the_run(tmp_path: Path, undecodable_png: bytes) -> None:
    """Only decoding would find it before, which takes as long as an epoch."""
    (tmp_path / "picture.png").write_bytes(undecodable_png)
    assert not check_files([tmp_path / "picture.png"], 8).bad
    with pytest.raises(Failure, match="cannot read"):
        square(tmp_path / "picture.png", 8, channels=3)
