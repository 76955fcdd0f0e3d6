"""The event file for TensorBoard, read by TensorBoard's own reader."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import math, sys
from pathlib import Path
from archc.training.board import Board

board = Board(Path(sys.argv[1]))
board.add(1, loss__train=2.5, accuracy__train=None, rate=0.01)
board.add(2, loss__train=math.nan, accuracy__train=0.5, rate=0.01)
print(sorted({"tensorflow", "torch", "keras"} & set(sys.modules)))  # before it is closed: each event is in the file
"""

READ = """
import json, sys
from pathlib import Path
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event

(file,) = Path(sys.argv[1]).iterdir()
assert "tfevents" in file.name, "the name by which TensorBoard finds it"
events = [Event.FromString(raw) for raw in RawEventFileLoader(str(file)).Load()]
assert events[0].file_version == "brain.Event:2"
print(json.dumps([(event.step, value.tag, value.simple_value) for event in events for value in event.summary.value]))
"""


def python(script: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tensorboard_reads_what_it_writes_without_a_framework(tmp_path: Path) -> None:
    assert python(SCRIPT, tmp_path) == "[]\n"
    found = json.loads(python(READ, tmp_path))
    assert [(step, tag, round(value, 6)) for step, tag, value in found] == [
        (1, "loss/train", 2.5),
        (1, "rate", 0.01),
        (2, "accuracy/train", 0.5),
        (2, "rate", 0.01),
    ]
    assert not any(math.isnan(value) for *_, value in found)
