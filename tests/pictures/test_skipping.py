"""Pictures that cannot be read stop a run before its first step, all named at once, or it is the run without them."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archc.dataset import load_data
from archc.failure import FINDING, Failure
from archc.pictures.dataset import PictureSet
from archc.pictures.decoding import square
from archc.training.job import Job
from archc.training.result import Result, read_result
from archc.training.share import Share

Fill = Callable[..., Path]
TREE = {"train/cat": 6, "train/dog": 6, "val/cat": 3, "val/dog": 3}


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def no_picture(file: Path) -> None:
    file.write_bytes(b"<html>not found</html>")


def other_format(file: Path) -> None:
    Image.new("RGB", (8, 8)).save(file, "GIF")


def enormous(file: Path) -> None:
    """A header that announces 100,000 x 100,000 pixels."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)))


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


BREAK = (truncated, empty, no_picture, other_format, enormous, folder, pipe, dangling)


def broken(root: Path, undecodable: bytes) -> list[Path]:
    """Break a picture in each of these ways, in train/ and in val/, and one that only decoding finds."""
    places = [root / "train" / label / f"{number:03}.png" for label in ("cat", "dog") for number in range(2, 6)]
    for spoil, file in zip(BREAK, places, strict=True):
        spoil(file)
    late, held_out = root / "train/dog/001.png", root / "val/cat/000.png"
    late.write_bytes(undecodable)
    empty(held_out)
    return sorted([*places, late, held_out])


def skipping(job: Job, **fields: object) -> Job:
    return job.model_copy(update={"bad_pictures": "skip", **fields})


def small_batch(job: Job) -> Job:
    return job.model_copy(update={"recipe": job.recipe.model_copy(update={"batch": 2})})


def opened(job: Job) -> PictureSet:
    Result(devices=()).write(job.run)
    data = PictureSet(job)
    data.open()
    return data


def batches(data: PictureSet, share: Share) -> list[bytes]:
    feed = data.feed(share, 2)
    return [
        each.inputs[0].tobytes() + each.targets.tobytes() for each in (*feed.training(0), *feed.held_out("ten_crop"))
    ]


def test_a_run_that_skips_is_the_run_without_them_on_each_rank(
    job: Job, fill: Fill, tmp_path: Path, undecodable_png: bytes
) -> None:
    fill(job.pictures, TREE)
    bad = broken(job.pictures, undecodable_png)
    data = opened(skipping(small_batch(job)))
    result = read_result(job.run)
    assert result is not None and result.data is not None
    assert (data.count, result.data.files, result.data.skipped) == (3, 8, len(bad))
    named = json.loads(job.skipped.read_text())
    assert [job.pictures / each["file"] for each in named] == bad
    assert all(each["reason"] for each in named)

    clean = small_batch(job).model_copy(update={"pictures": tmp_path / "clean", "run": tmp_path / "other"})
    clean.run.mkdir()
    fill(clean.pictures, TREE)
    for file in bad:
        (clean.pictures / file.relative_to(job.pictures)).unlink()
    expected = opened(clean)
    for share in (Share(), Share(0, 2), Share(1, 2)):
        # A rank in another process reads which pictures are skipped from the run's folder.
        again = PictureSet(skipping(small_batch(job)))
        again.load()
        assert batches(again, share) == batches(expected, share) == batches(data, share)
    other = read_result(clean.run)
    assert other is not None and other.data is not None
    assert other.data == result.data.model_copy(update={"skipped": 0})
    assert load_data(skipping(small_batch(job))).count == 3


def test_a_tenth_of_what_is_left_is_held_out(job: Job, fill: Fill) -> None:
    fill(job.pictures, {"cat": 22, "dog": 9})
    for number in range(3):
        empty(job.pictures / "cat" / f"{number:03}.png")
    data = opened(skipping(job))
    assert data.count == 22 + 9 - 3 - 1 - 1
    assert sum(batch.count for batch in data.feed(Share(), 1).held_out("center")) == 2


def test_all_are_named_before_anything_is_written(job: Job, fill: Fill, undecodable_png: bytes) -> None:
    """Those, too, that only decoding finds: a run that stops names what one that skips would skip."""
    fill(job.pictures, TREE)
    bad = broken(job.pictures, undecodable_png)
    with pytest.raises(Failure) as failure:
        opened(small_batch(job))
    assert failure.value.message.startswith(f"cannot read {len(bad)} pictures of 18: ")
    assert all(f"{file} (" in failure.value.message for file in bad)
    help = "replace these files or remove them; `--bad-pictures skip` trains without them"
    assert (failure.value.help, failure.value.code) == (help, FINDING)
    assert not job.statistics.exists() and not job.skipped.exists()


def test_what_only_decoding_finds_in_the_sample_is_named_too(job: Job, fill: Fill, undecodable_png: bytes) -> None:
    fill(job.pictures, TREE)
    for number in (1, 4):
        (job.pictures / f"train/cat/00{number}.png").write_bytes(undecodable_png)
    with pytest.raises(Failure, match=r"cannot read 2 pictures of 18: .*001.png .*004.png ") as failure:
        opened(job)
    assert "--bad-pictures skip" in failure.value.help


@pytest.mark.parametrize("policy", ["stop", "skip"])
@pytest.mark.parametrize(
    ("kept", "lost", "help"),
    [
        ({"train/cat": 5, "val/dog": 2}, "{root}/train/cat contains no pictures", "put JPEG or PNG files"),
        ({"val/dog": 2}, "{root}/val/dog contains no pictures", "put JPEG or PNG files"),
        ({"train/cat": 4, "train/dog": 5}, "3 training pictures cannot fill a batch of 4", "use `--batch 3`, or add"),
    ],
)
def test_a_class_or_a_batch_that_loses_all_is_a_finding(
    job: Job, fill: Fill, policy: str, kept: dict[str, int], lost: str, help: str
) -> None:
    fill(job.pictures, {"train/cat": 5, "train/dog": 7, "val/cat": 2, "val/dog": 2})
    for place, count in kept.items():
        for number in range(count):
            empty(job.pictures / place / f"{number:03}.png")
    with pytest.raises(Failure) as failure:
        opened(job.model_copy(update={"bad_pictures": policy}))
    assert failure.value.message.startswith("cannot read ")
    assert failure.value.message.endswith(f"; without them, {lost.format(root=job.pictures)}")
    assert failure.value.help.startswith(help if policy == "skip" else "replace these files or remove them")
    assert "skip" not in failure.value.help, "which would not help"


def wide_png(bits: int, colour: int, pixels: np.ndarray) -> bytes:
    """A PNG of 16 bits per channel, which Pillow cannot write in colour."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_what_is_converted_and_what_is_ignored_is_counted(
    job: Job, fill: Fill, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(job.pictures, TREE)
    cat, random = job.pictures / "train" / "cat", np.random.default_rng(0)
    wide = random.integers(0, 65536, (12, 12, 3), np.uint16)
    (cat / "000.png").write_bytes(wide_png(16, 2, wide))
    np.testing.assert_array_equal(square(cat / "000.png", 12, channels=3), wide >> 8)
    Image.fromarray(wide[..., 0]).save(cat / "001.png")
    frames = [Image.fromarray(random.integers(0, 256, (12, 12, 3), np.uint8)) for _ in range(3)]
    frames[0].save(cat / "002.png", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(square(cat / "002.png", 12, channels=3), np.asarray(frames[0]))
    stream = io.BytesIO()
    frames[1].convert("CMYK").save(stream, "JPEG")
    (cat / "003.jpg").write_bytes(stream.getvalue())
    frames[1].convert("RGBA").save(cat / "004.png")
    for name in ("a.webp", "b.webp", "Thumbs.db", "README", ".hidden"):
        (cat / name).touch()
    (cat / "more").mkdir()
    opened(job)
    result = read_result(job.run)
    assert result is not None and result.data is not None
    counts = {"16 bits per channel": 2, "several frames": 1, "CMYK": 1, "transparency": 1}
    assert (result.data.converted, result.data.ignored, result.data.skipped) == (counts, 5, 0)
    lines = capsys.readouterr().out.splitlines()
    assert (
        "converted pictures: 2 with 16 bits per channel, 1 with several frames, 1 with CMYK, 1 with transparency"
        in [*lines]
    )
    told = "ignored in class folders, where pictures are *.jpg, *.jpeg and *.png: 2 .webp, "
    assert any(line.startswith(told) and "1 folders" in line for line in lines)


def test_names_that_are_not_text_are_skipped_too(job: Job, fill: Fill) -> None:
    fill(job.pictures, {"cat": 6, "dog": 6})
    odd = job.pictures / "cat" / os.fsdecode(b"\xff.png")
    odd.touch()
    data = opened(skipping(job))
    again = PictureSet(skipping(job))
    again.load()
    assert data.count == again.count == 10
