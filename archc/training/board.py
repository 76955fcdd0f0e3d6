"""The curves of a run for TensorBoard, written by the `tensorboard` package: an event file in the run's folder.

TensorFlow is not imported, and neither is PyTorch. TensorBoard shows each run below the folder that it is given, so
`tensorboard --logdir runs` compares all runs.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false

from __future__ import annotations

import math
import os
import socket
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from archc.training.appending import Appending


class Board:
    """A new event file. Each event has been handed to the system when the call that wrote it returns."""

    def __init__(self, run: Path) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event, self._summary, self._writer = Event, Summary, RecordWriter
        now = time.time()
        self._file = Appending(run / f"events.out.tfevents.{now:.0f}.{socket.gethostname()}.{os.getpid()}.archc")
        self._write(Event(wall_time=now, file_version="brain.Event:2"))

    def add(self, step: int, **values: float | None) -> None:
        """Add a value to some curves after so many steps: `loss__train` is `train` in the group `loss`."""
        known = {name.replace("__", "/", 1): value for name, value in values.items() if value is not None}
        found = [
            self._summary.Value(tag=tag, simple_value=value) for tag, value in known.items() if math.isfinite(value)
        ]
        self._write(self._event(wall_time=time.time(), step=step, summary=self._summary(value=found)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: Any) -> None:
        framed = BytesIO()
        self._writer(framed).write(event.SerializeToString())
        self._file.write(framed.getvalue())
