"""A file is written whole or not at all: its writer is killed, or its disk ends, in the middle."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

SIZE = 8_000_000
WRITER = f"""
import sys
from itertools import cycle
from pathlib import Path
from archc.console.writing import write_whole

print("begins", flush=True)
for byte in cycle((b"a", b"b")):
    write_whole(Path(sys.argv[1]), byte * {SIZE})
"""
LIMITED = f"""
import resource, sys
from pathlib import Path
from archc.console.writing import write_whole

resource.setrlimit(resource.RLIMIT_FSIZE, ({SIZE // 2}, {SIZE // 2}))
try:
    write_whole(Path(sys.argv[1]), b"new" * {SIZE})
except OSError as error:
    print(error.strerror)
"""


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
