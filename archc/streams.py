"""Standard output and standard error that survive a closed pipe, a full disk and a terminal without UTF-8."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

from archc.failure import Failure

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputFailure(Failure):
    """Standard output cannot be written: the disk is full, or the caller closed it."""


class _Output(FileIO):
    """Standard output. If the reader closes the pipe, as `head` does, the rest is discarded and the process goes on."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return len(memoryview(data))
        except OSError as error:
            # At exit Python flushes the buffer again, which would fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())
            raise OutputFailure(f"cannot write standard output: {error.strerror}") from error


class _Closed(FileIO):
    """Standard output that the caller closed: `>&-`. Text for it would be lost without a word."""

    told = False

    def write(self, data: ReadableBuffer, /) -> int:
        if not self.told:  # at exit Python flushes the buffer again
            self.told = True
            raise OutputFailure("cannot write standard output: it is closed")
        return len(memoryview(data))


class _Errors(FileIO):
    """Standard error. Failures are ignored: there is no other place to report them, except the exit code."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data))


def guard() -> None:
    """Replace Python's own streams by these."""
    for name, raw in (("stdout", _Output), ("stderr", _Errors)):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller
            # The file takes the number of the stream, so that no other file does.
            setattr(sys, name, _text((_Closed if name == "stdout" else _Errors)(os.devnull, "w"), "utf-8"))
        elif isinstance(getattr(stream, "buffer", None), BufferedWriter | FileIO):  # FileIO: PYTHONUNBUFFERED
            setattr(sys, name, _text(raw(stream.fileno(), "w", closefd=False), stream.encoding))


def _text(raw: FileIO, encoding: str) -> TextIOWrapper:
    """A line-buffered text stream. Characters that the encoding lacks become question marks."""
    return TextIOWrapper(BufferedWriter(raw), encoding=encoding, errors="replace", line_buffering=True)
