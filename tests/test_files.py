"""A file is written whole or not at all: its writer is killed, or its disk ends, in the middle."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archc.files import relative, release, remove_parts, reserve, write_durably, write_whole

SIZE = 8_000_000
WRITER = f"""
import sys
from itertools import cycle
from pathlib import Path
from archc.files import write_whole

print("begins", flush=True)
for byte in cycle((b"a", b"b")):
    write_whole(Path(sys.argv[1]), byte * {SIZE})
"""
LIMITED = f"""
import resource, sys
from pathlib import Path
from archc.files import write_whole

resource.setrlimit(resource.RLIMIT_FSIZE, ({SIZE // 2}, {SIZE // 2}))
try:
    write_whole(Path(sys.argv[1]), b"new" * {SIZE})
except OSError as error:
    print(error.strerror)
"""


def test_a_path_is_relative_only_below_the_current_folder(here: Path) -> None:
    assert relative(here.resolve() / "runs" / "a") == Path("runs/a")
    assert relative(here.resolve().parent / "a") == here.resolve().parent / "a"


def test_a_killed_writer_leaves_one_whole_text_or_the_other(tmp_path: Path) -> None:
    place = tmp_path / "net.py"
    place.write_bytes(b"a" * SIZE)
    seen: set[bytes] = set()
    left = False
    for kill in range(100):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == "begins\n"
            time.sleep(0.01 + kill % 12 / 100)
            writer.kill()
        text = place.read_bytes()
        assert text in (b"a" * SIZE, b"b" * SIZE)
        seen.add(text[:1])
        left = left or any(part.stat().st_size not in (0, SIZE) for part in tmp_path.glob(".net.py.*"))
        if kill > 8 and left and len(seen) == 2:
            break
    assert seen == {b"a", b"b"}
    assert left, "no writer was killed in the middle"


def test_a_disk_that_ends_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "net.py"
    place.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", LIMITED, str(place)], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert place.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["net.py"]


@pytest.mark.parametrize("mode", [0o600, 0o755])
def test_an_existing_file_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    place = tmp_path / "net.py"
    place.touch()
    place.chmod(mode)
    write_whole(place, b"new")
    assert (place.read_bytes(), stat.S_IMODE(place.stat().st_mode)) == (b"new", mode)


def test_a_new_file_has_the_mode_and_the_folder_that_any_new_file_has(tmp_path: Path) -> None:
    place, other = tmp_path / "below" / "net.py", tmp_path / "other"
    write_whole(place, b"new")
    other.touch()
    assert place.stat().st_mode == other.stat().st_mode


def test_a_link_keeps_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to("net.py")
    write_whole(link, b"new")
    assert link.readlink() == Path("net.py")
    assert (tmp_path / "net.py").read_bytes() == b"new"


LATE = f"""
import resource, sys
from pathlib import Path
from archc.files import reserve, write_durably

place = Path(sys.argv[1])
reserve(place, {SIZE})
before = place.with_name(f".{{place.name}}.reserved.part").stat()
print(before.st_size, before.st_blocks * 512 >= {SIZE})
write_durably(place, b"new" * 1000)
print(before.st_ino == place.stat().st_ino)
"""


def test_reserved_room_has_blocks_of_its_own_and_becomes_the_file(tmp_path: Path) -> None:
    """What is written later needs no block that a full disk would refuse."""
    place = tmp_path / "weights"
    done = subprocess.run([sys.executable, "-c", LATE, str(place)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{SIZE} True\nTrue\n"
    assert place.read_bytes() == b"new" * 1000
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]


def test_room_that_a_disk_does_not_have_leaves_nothing(tmp_path: Path) -> None:
    script = LIMITED.replace("write_whole", "reserve").replace(f'b"new" * {SIZE}', str(SIZE))
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "weights")], capture_output=True, text=True)
    assert done.stdout == "File too large\n"
    assert [*tmp_path.iterdir()] == []


def test_several_writers_of_one_file_all_succeed(tmp_path: Path) -> None:
    """As ranks that find at the same time that a run must end."""
    place, contents = tmp_path / "weights", {bytes([n]) * 10_000 for n in range(6)}
    with ThreadPoolExecutor(len(contents)) as pool:
        for _ in range(30):
            reserve(place, 10_000)
            list(pool.map(lambda data: write_durably(place, data), contents))
            assert place.read_bytes() in contents
    assert [file.name for file in tmp_path.iterdir()] == ["weights"]


def test_a_place_is_reserved_once_and_can_be_released(tmp_path: Path) -> None:
    place = tmp_path / "weights"
    reserve(place, 10)
    with pytest.raises(FileExistsError):
        reserve(place, 10)
    release(place)
    reserve(place, 10)
    remove_parts(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_a_file_that_is_written_durably_makes_no_folder(tmp_path: Path) -> None:
    """The folder of a run that somebody has removed does not come back."""
    place = tmp_path / "gone" / "receipt.json"
    with pytest.raises(FileNotFoundError) as caught:
        write_durably(place, b"new")
    assert caught.value.filename == str(place)
    write_durably(tmp_path / "net.py", b"new")
    assert (tmp_path / "net.py").read_bytes() == b"new"


@pytest.mark.parametrize("writes", [write_whole, write_durably])
def test_an_error_names_the_file_and_not_its_part(tmp_path: Path, writes: Callable[[Path, bytes], None]) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError) as caught:
        writes(tmp_path / "folder", b"new")
    assert caught.value.filename == str(tmp_path / "folder")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]
