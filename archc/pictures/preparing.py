"""`python -m archc.pictures.preparing`: a process that prepares pictures for another one, until that one ends.

Python runs one thread at a time. Decoding and scaling run outside its lock, the rest of a picture, an eighth of its
time, within it: more than a few threads wait for each other, and the thread that trains waits for all of them.

The first line of standard input is a Preparer. Then all processes take from one pipe what they do, each as soon as it
is free: the place in the shared memory of an order. The result goes there, too, and the place into the other pipe.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archc.language.data_recipe import DataRecipe
from archc.language.recipe import TestViews
from archc.pictures.decoding import Unreadable
from archc.pictures.preparation import Array, Prepared, training_view, views_in_bytes


class Task(NamedTuple):
    """A picture to prepare: for a test, or else for training, in an epoch and by its number in the data."""

    file: str
    test: TestViews | None = None
    epoch: int = 0
    number: int = 0


PLACE = struct.Struct("=Q")
"""A place in a pipe. The system locks a pipe for each of so few bytes, so none gets a part of another's."""

TEXT = 1 << 15
"""The bytes at a place for an order, or for its answer, before the arrays. In JSON, a path of 4096 takes 24576."""


class Layout(NamedTuple):
    """The arrays of a result: how many bytes a place has for its text and for them, and the shape and type of each."""

    size: int
    parts: tuple[tuple[tuple[int, ...], str], ...]

    @classmethod
    def of(cls, example: Prepared) -> Layout:
        parts = tuple((part.shape, part.dtype.str) for part in example)
        return cls(TEXT + sum(part.nbytes for part in example), parts)

    def views(self, memory: mmap.mmap, place: int) -> tuple[NDArray[Any], ...]:
        """The arrays at a place of the shared memory."""
        found: list[NDArray[Any]] = []
        place += TEXT
        for shape, kind in self.parts:
            found.append(np.ndarray(shape, kind, memory, place))
            place += found[-1].nbytes
        return tuple(found)


@dataclass(frozen=True)
class Preparer:
    """How pictures are prepared for training and for tests."""

    data: DataRecipe
    colours: Array
    seed: int

    def __call__(self, task: Task) -> Prepared:
        file = Path(task.file)
        if task.test is not None:
            return views_in_bytes(file, self.data, channels=len(self.colours), test=task.test)
        return training_view(file, self.data, self.colours, seed=self.seed, epoch=task.epoch, index=task.number)

    def to_json(self) -> str:
        data, colours = self.data.model_dump(mode="json"), self.colours.tolist()
        return json.dumps({"data": data, "colours": colours, "seed": self.seed})

    @classmethod
    def from_json(cls, text: str) -> Preparer:
        told = json.loads(text)
        return cls(DataRecipe.model_validate(told["data"]), np.array(told["colours"], np.float32), told["seed"])


def read_text(memory: mmap.mmap, place: int) -> Any:
    """An order, or its answer."""
    return json.loads(memory[place : place + TEXT].partition(b"\n")[0])


def write_text(memory: mmap.mmap, place: int, value: object) -> None:
    """Write an order, or its answer. Names that are not UTF-8 survive as escapes."""
    text = json.dumps(value).encode() + b"\n"
    assert len(text) <= TEXT
    memory[place : place + len(text)] = text


def main() -> None:
    """Prepare pictures until the pipe ends, as it does with the process that wants them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, orders, answers = map(int, sys.argv[1:])
    prepare = Preparer.from_json(sys.stdin.readline())
    memory = mmap.mmap(descriptor, 0)
    while record := os.read(orders, PLACE.size):
        (place,) = PLACE.unpack(record)
        if len(memory) < os.fstat(descriptor).st_size:
            memory = mmap.mmap(descriptor, 0)
        _carry_out(memory, place, prepare)
        try:
            os.write(answers, record)
        except BrokenPipeError:
            return


def _carry_out(memory: mmap.mmap, place: int, prepare: Preparer) -> None:
    """Replace an order by its answer and its result."""
    task, layout = read_text(memory, place)
    views = Layout(*layout).views(memory, place)
    try:
        for view, value in zip(views, prepare(Task(*task)), strict=True):
            view[...] = value
        answer = None
    except Unreadable as unreadable:
        answer = [unreadable.reason]
    except Exception as error:
        answer = [f"{type(error).__name__}: {error}"[:1000], "unexpected"]
    write_text(memory, place, answer)


if __name__ == "__main__":
    main()
