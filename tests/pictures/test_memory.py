"""Decoding takes the memory that the headers announce, and no small file makes it take more than the limit."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archc.failure import Failure
from archc.pictures import decoding
from archc.pictures.checking import check_files
from archc.pictures.dataset import MOST_RESIZE
from archc.pictures.decoding import MOST_MEMORY, square

LIMITS = Path(__file__).parents[2] / "docs" / "limits.md"
SIDE = 3000
MIB = 2**20

# Decodes a small picture, then another one, and prints the bytes by which the second raised the peak, and its reason if
# it cannot be read.
DECODE = """
import re, resource, sys
from pathlib import Path
from archc.pictures.decoding import Unreadable, square

def peak():
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # On Linux, ru_maxrss also counts the memory of the process that started this one.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

small, large = map(Path, sys.argv[1:])
square(small, 32, channels=3)
before, reason = peak(), ""
try:
    square(large, 32, channels=3)
except Unreadable as failure:
    reason = failure.reason
print(peak() - before, reason)
"""


def measured(small: Path, large: Path) -> tuple[int, str]:
    """The bytes that decoding takes, and the reason if it fails."""
    command = [sys.executable, "-c", DECODE, str(small), str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken, _, reason = done.stdout.strip().partition(" ")
    return int(taken), reason


def drawn(folder: Path, mode: str, side: int, suffix: str, options: dict[str, Any]) -> Path:
    image = Image.fromarray(np.zeros((side, side), np.uint16)) if mode == "I;16" else Image.new(mode, (side, side))
    file = folder / f"{side}.{suffix}"
    image.save(file, **options)
    return file


@pytest.mark.parametrize(
    ("mode", "suffix", "options", "per_pixel"),
    [
        ("1", "png", {}, 5),
        ("L", "png", {}, 5),
        ("P", "png", {}, 5),
        ("P", "png", {"transparency": 0}, 13),
        ("LA", "png", {}, 16),
        ("RGB", "png", {}, 5),
        ("RGB", "png", {"transparency": (0, 0, 0)}, 16),
        ("RGBA", "png", {}, 12),
        ("I;16", "png", {}, 8),
        ("L", "jpg", {"progressive": True}, 2),
        ("RGB", "jpg", {"progressive": True, "subsampling": 0}, 6),
        ("CMYK", "jpg", {"progressive": True, "subsampling": 0}, 8),
    ],
)
def test_decoding_takes_the_memory_that_the_headers_announce(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, suffix: str, options: dict[str, Any], per_pixel: int
) -> None:
    small, large = (drawn(tmp_path, mode, side, suffix, options) for side in (32, SIDE))
    taken, reason = measured(small, large)
    assert reason == ""
    assert 0.7 * per_pixel < taken / SIDE**2 < per_pixel + 0.6
    # A JPEG is reduced to an eighth: its own pixels hardly count.
    announced = per_pixel * SIDE**2 + large.stat().st_size + (8 * (SIDE // 8) ** 2 if suffix == "jpg" else 0)
    monkeypatch.setattr(decoding, "MOST_MEMORY", announced)
    square(large, 32, channels=3)
    monkeypatch.setattr(decoding, "MOST_MEMORY", int(0.99 * per_pixel * SIDE**2))
    (bad,) = check_files([large], 32).bad
    assert re.search(r"decoding its 3,000 × 3,000 pixels takes [\d,]+ MiB; the limit is ", bad.message)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(*, side: int = 8, before: bytes = b"", after: bytes = b"", colour: int = 2) -> bytes:
    """A black PNG with chunks before and after its pixels."""
    width = {2: 3, 6: 4}[colour] * side
    header = chunk(b"IHDR", side.to_bytes(4) * 2 + bytes([8, colour, 0, 0, 0]))
    compressor = zlib.compressobj(9)
    rows = b"".join(compressor.compress(bytes(1 + width)) for _ in range(side)) + compressor.flush()
    return b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", rows) + after + chunk(b"IEND", b"")


def frames(count: int) -> bytes:
    """The chunks of an animation after its first picture."""
    pixels = zlib.compress(bytes(8 * (1 + 24)))
    control = [
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * n + 1, 8, 8, 0, 0, 1, 1, 0, 0))
        + chunk(b"fdAT", (2 * n + 2).to_bytes(4) + pixels)
        for n in range(count)
    ]
    return b"".join(control)


ZEROS = zlib.compress(bytes(200 * MIB), 9)
TEXTS = b"".join(chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(MIB - 1), 9)) for _ in range(500))
BOMBS: dict[str, Callable[[], tuple[bytes, str]]] = {
    "pixels": lambda: (
        png(side=13_000, colour=6),
        "decoding its 13,000 × 13,000 pixels takes 1,935 MiB; the limit is 1,024 MiB",
    ),
    "text": lambda: (png(before=chunk(b"zTXt", b"note\0\0" + ZEROS)), "Decompressed data too large"),
    "text after the pixels": lambda: (png(after=chunk(b"zTXt", b"note\0\0" + ZEROS)), "Decompressed data too large"),
    "international text": lambda: (
        png(before=chunk(b"iTXt", b"note\0\1\0en\0note\0" + ZEROS)),
        "Decompressed data too large",
    ),
    "texts": lambda: (png(before=TEXTS), "Too much memory used in text chunks"),
    "profile": lambda: (png(before=chunk(b"iCCP", b"icc\0\0" + ZEROS)), "Decompressed data too large"),
    "animation": lambda: (
        png(
            before=chunk(b"acTL", (2**31 - 1).to_bytes(4) + bytes(4))
            + chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 1, 0, 0)),
            after=frames(20_000),
        ),
        "",
    ),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_no_small_file_takes_much_memory(tmp_path: Path, bomb: Callable[[], tuple[bytes, str]]) -> None:
    content, reason = bomb()
    assert len(content) < 4 * MIB
    (tmp_path / "bomb.png").write_bytes(content)
    (tmp_path / "small.png").write_bytes(png())
    taken, found = measured(tmp_path / "small.png", tmp_path / "bomb.png")
    assert found.startswith(reason)
    assert bool(found) == bool(reason)
    assert taken < 150 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_picture_is_not_to_blame_for_a_machine_without_memory(tmp_path: Path) -> None:
    file = tmp_path / "sound.png"
    file.write_bytes(png(side=4000, colour=6))
    limited = """
import resource, sys
from pathlib import Path
from archc.pictures.decoding import square

pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (pages + 50 * 2**20,) * 2)
try:
    square(Path(sys.argv[1]), 8, channels=3)
except MemoryError:
    print("no memory")
"""
    done = subprocess.run([sys.executable, "-c", limited, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == "no memory\n"


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "sparse.png"
    file.write_bytes(png())
    with file.open("r+b") as opened:
        opened.truncate(MOST_MEMORY + 1)
    (bad,) = check_files([file], 8).bad
    assert bad.message == f"cannot read {file}: the file has 1,025 MiB; the limit is 1,024 MiB"


def test_a_jpeg_is_measured_by_what_is_left_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = drawn(tmp_path, "RGB", 1600, "jpg", {"subsampling": 0})
    monkeypatch.setattr(decoding, "MOST_MEMORY", 7 * 1600**2)
    square(file, 100, channels=3)
    with pytest.raises(Failure, match="1,600 × 1,600"):
        square(file, 900, channels=3)


def test_large_pictures_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = drawn(tmp_path, "RGB", 64, "png", {})

    def waits() -> bool:
        other = Thread(target=square, args=(file, 8), kwargs={"channels": 3})
        with decoding.opened(file, 8) as image:
            image.load()
            other.start()
            other.join(0.3)
            waited = other.is_alive()
        other.join(10)
        assert not other.is_alive()
        return waited

    assert not waits()
    monkeypatch.setattr(decoding, "LARGE", 64)
    assert waits()


def test_the_limits_are_documented() -> None:
    text = LIMITS.read_text()
    for name in ("MOST_MEMORY", "LARGE"):
        size = getattr(decoding, name)
        written = f"{size // 2**30} GiB" if size >= 2**30 else f"{size // MIB} MiB"
        assert f"| {written} | `{name}` |" in text
    assert f"| {decoding.MOST_SCANS} | `MOST_SCANS` |" in text
    assert f"| {MOST_RESIZE:,} pixels | `MOST_RESIZE` |" in text
    for per_pixel, most in re.findall(r"\| (\d+) \| (\d+) million \|$", text, re.MULTILINE):
        assert MOST_MEMORY // int(per_pixel) // 10**6 == int(most)
