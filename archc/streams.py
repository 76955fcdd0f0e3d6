"""Standard output and standard error that no reader, disk or terminal makes a process fall over."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from archc.failure import Failure

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputFailure(Failure):
    """Standard output takes no more: a full disk, most often."""


class _Output(FileIO):
    """A reader that leaves, as `| head` does, loses what follows; the process goes on and ends with its own code."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(memoryview(data))
        except OSError as error:
            # Python would try once more before it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise OutputFailure(f"cannot write standard output: {error.strerror}") from error


class _Errors(FileIO):
    """Where nothing can be said, the exit code is all there is."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data))


def guard() -> None:
    """Put both in the place of Python's own."""
    for name, raw in (("stdout", _Output), ("stderr", _Errors)):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this: `>&-`
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  for as long as the process lives
        elif isinstance(getattr(stream, "buffer", None), BufferedWriter | FileIO):  # FileIO: PYTHONUNBUFFERED
            setattr(sys, name, _text(raw(stream.fileno(), "w", closefd=False), stream.encoding))


def _text(raw: FileIO, encoding: str) -> TextIOWrapper:
    """A text stream over bytes, line by line. Without UTF-8 it shows a question mark rather than ending the run."""
    return TextIOWrapper(BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)
