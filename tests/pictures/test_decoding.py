"""Every kind of JPEG and PNG becomes the same square of 8-bit pixels; a broken one is named."""

import zlib
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from archc.failure import FINDING, Failure
from archc.pictures.checking import check_files
from archc.pictures.decoding import Unreadable, square

RED = (200, 30, 40)


def saved(image: Image.Image, file: Path, **options: Any) -> Path:
    image.save(file, **options)
    return file


def halves(mode: str = "RGB") -> Image.Image:
    """40 x 20: the left half red, the right half black."""
    image = Image.new("RGB", (40, 20), RED)
    image.paste((0, 0, 0), (20, 0, 40, 20))
    return image.convert(mode)


def test_the_centre_square_is_scaled_to_the_size(tmp_path: Path) -> None:
    for size in (20, 10, 33):
        pixels = square(saved(halves(), tmp_path / "a.png"), size, channels=3)
        assert pixels.shape == (size, size, 3)
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels[size // 2, 2], RED)
        np.testing.assert_array_equal(pixels[size // 2, -3], (0, 0, 0))


@settings(max_examples=25)
@given(width=st.integers(1, 70), height=st.integers(1, 70), size=st.integers(1, 40), channels=st.sampled_from([1, 3]))
def test_any_size_of_picture_gives_the_same_colour(
    tmp_path_factory: pytest.TempPathFactory, width: int, height: int, size: int, channels: int
) -> None:
    file = tmp_path_factory.mktemp("plain") / "plain.png"
    pixels = square(saved(Image.new("RGB", (width, height), (90, 90, 90)), file), size, channels=channels)
    np.testing.assert_array_equal(pixels, np.full((size, size, channels), 90, np.uint8))


@pytest.mark.parametrize("image", [halves(), halves("RGBA"), halves().quantize(2)], ids=lambda image: image.mode)
def test_colour_pictures_of_every_mode(tmp_path: Path, image: Image.Image) -> None:
    pixels = square(saved(image, tmp_path / "a.png"), 20, channels=3)
    np.testing.assert_array_equal(pixels[10, 2], RED)


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_pictures_become_colour_and_back(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (20, 20), 255)
    image.paste(0, (10, 0, 20, 20))
    file = saved(image.convert(mode), tmp_path / "a.png")
    colour, grey = square(file, 20, channels=3), square(file, 20, channels=1)
    assert colour.shape == (20, 20, 3)
    assert grey.shape == (20, 20, 1)
    for pixels in (colour, grey):
        assert (pixels[:, :9] == 255).all()
        assert (pixels[:, 11:] == 0).all()


def test_colour_becomes_grey_by_its_luminance(tmp_path: Path) -> None:
    file = saved(Image.new("RGB", (8, 8), RED), tmp_path / "a.png")
    np.testing.assert_allclose(square(file, 8, channels=1), 0.299 * 200 + 0.587 * 30 + 0.114 * 40, atol=1)


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    file = saved(Image.fromarray(values), tmp_path / "a.png")
    np.testing.assert_array_equal(square(file, 16, channels=1)[..., 0], values >> 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (10, 10), (10, 10, 10, 0)).convert(mode)
    assert (square(saved(image, tmp_path / "a.png"), 10, channels=3) == 255).all()


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_one_transparent_colour_becomes_white(tmp_path: Path, mode: str) -> None:
    image = Image.new(mode, (10, 10), 0)
    file = saved(image, tmp_path / "a.png", transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert (square(file, 10, channels=3) == 255).all()


def test_half_transparent_is_mixed_with_white(tmp_path: Path) -> None:
    file = saved(Image.new("RGBA", (10, 10), (55, 155, 255, 128)), tmp_path / "a.png")
    np.testing.assert_allclose(square(file, 10, channels=3)[0, 0], (155, 205, 255), atol=1)


def test_a_camera_held_sideways(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise
    image = Image.new("RGB", (32, 32), (0, 0, 0))
    image.paste(RED, (0, 0, 16, 32))  # red on the left: on top once turned
    pixels = square(saved(image, tmp_path / "a.jpg", exif=exif, quality=95), 32, channels=3)
    np.testing.assert_allclose(pixels[4, 16], RED, atol=20)
    np.testing.assert_allclose(pixels[28, 16], (0, 0, 0), atol=20)


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_each_orientation_is_turned_as_pillow_turns_it(tmp_path: Path, orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    corner = Image.new("RGB", (64, 64), (0, 0, 0))
    corner.paste(RED, (0, 0, 32, 16))
    file = saved(corner, tmp_path / f"a.{suffix}", exif=exif)
    with Image.open(file) as image:
        expected = np.asarray(ImageOps.exif_transpose(image)).astype(int)
    assert np.abs(square(file, 64, channels=3) - expected).max() <= 1


def test_broken_exif_data_turns_nothing(tmp_path: Path) -> None:
    notes = PngInfo()
    notes.add_text("Raw profile type exif", "\nexif\n      8\nno hexadecimal digits\n")
    file = saved(halves(), tmp_path / "a.png", pnginfo=notes)
    np.testing.assert_array_equal(square(file, 20, channels=3)[10, 2], RED)


@cache
def whole(suffix: str) -> bytes:
    """A small picture with EXIF data, as a file."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    stream = BytesIO()
    random = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    Image.fromarray(random).save(stream, suffix, exif=exif)
    return stream.getvalue()


@settings(max_examples=300)
@given(
    suffix=st.sampled_from(["JPEG", "PNG"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.floats(0.1, 1),
    channels=st.sampled_from([1, 3]),
)
def test_any_damage_gives_a_square_or_one_that_is_named(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    changes: list[tuple[float, int]],
    cut: float,
    channels: int,
) -> None:
    data = bytearray(whole(suffix))
    for place, value in changes:
        data[int(place * len(data))] = value
    file = tmp_path_factory.mktemp("damaged") / "picture"
    file.write_bytes(data[: int(cut * len(data))])
    try:
        square(file, 8, channels=channels)
    except Unreadable as failure:
        assert failure.message.startswith(f"cannot read {file}: ")
    assert all(bad.message.startswith(f"cannot read {file}: ") for bad in check_files([file], 8).bad)


def test_a_jpeg_for_the_press(tmp_path: Path) -> None:
    file = saved(halves("CMYK"), tmp_path / "a.jpg", quality=95)
    pixels = square(file, 20, channels=3)
    np.testing.assert_allclose(pixels[10, 2], RED, atol=12)
    np.testing.assert_allclose(pixels[10, 17], (0, 0, 0), atol=12)


def test_a_large_jpeg_is_decoded_to_the_same_picture(tmp_path: Path) -> None:
    """Its decoder halves it on the way: the result must not depend on that by more than the eye sees."""
    rows, columns = np.mgrid[:512, :640]
    waves = 127 + 100 * np.sin(columns / 60) * np.cos(rows / 50)
    large = Image.fromarray(waves.astype(np.uint8)).convert("RGB")
    scaled = square(saved(large, tmp_path / "a.jpg", quality=95), 32, channels=3).astype(int)
    plain = square(saved(large, tmp_path / "a.png"), 32, channels=3).astype(int)
    assert np.abs(scaled - plain).max() <= 4


WHOLE_PNG = "whole.png"


@pytest.mark.parametrize(
    ("name", "damage", "reason"),
    [
        ("text.jpg", lambda data: b"not a picture", "not a JPEG or PNG file"),
        ("empty.png", lambda data: b"", "the file is empty"),
        ("cut.png", lambda data: data[: len(data) // 2], ""),
        ("flipped.png", lambda data: data[:60] + bytes(20) + data[80:], ""),
        ("only-its-head.png", lambda data: data[:40], ""),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, damage: object, reason: str) -> None:
    random = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    whole = saved(Image.fromarray(random), tmp_path / WHOLE_PNG)
    file = tmp_path / name
    file.write_bytes(damage(whole.read_bytes()))  # pyright: ignore[reportCallIssue]
    with pytest.raises(Failure) as failure:
        square(file, 16, channels=3)
    assert failure.value.message.startswith(f"cannot read {file}: {reason}")
    assert failure.value.code == FINDING


def test_a_cut_jpeg_is_named(tmp_path: Path) -> None:
    whole = saved(halves(), tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Failure, match=r"cannot read .*cut\.jpg: "):
        square(tmp_path / "cut.jpg", 16, channels=3)


def test_other_formats_are_not_decoded(tmp_path: Path) -> None:
    """Pillow reads dozens, some through large and seldom visited code."""
    file = saved(halves(), tmp_path / "really-a-gif.png", format="GIF")
    with pytest.raises(Failure, match="not a JPEG or PNG file"):
        square(file, 16, channels=3)


def test_a_small_file_that_claims_a_huge_picture_is_refused(tmp_path: Path) -> None:
    data = bytearray(saved(Image.new("L", (1, 1)), tmp_path / "small.png").read_bytes())
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    (tmp_path / "huge.png").write_bytes(data)
    match = r"cannot read .*huge\.png: decoding its 40,000 × 40,000 pixels takes 7,630 MiB; the limit is 1,024 MiB"
    with pytest.raises(Failure, match=match):
        square(tmp_path / "huge.png", 16, channels=3)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cannot read .*gone\.png: .*No such file"):
        square(tmp_path / "gone.png", 16, channels=3)
