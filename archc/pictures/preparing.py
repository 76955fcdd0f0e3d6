"""`python -m archc.pictures.preparing`: a process that prepares pictures for another one, until its input ends.

Python runs one thread at a time. Decoding and scaling run outside its lock, the rest of a picture, an eighth of its
time, within it: more than a few threads wait for each other, and the thread that trains waits for all of them.

Lines of JSON come on standard input. The first is a Setup. Then a Layout says where results go, and each Task after it
is answered by a line on standard output, once its result is in the shared memory: `null`, or why there is none.
"""

from __future__ import annotations

import json
import mmap
import signal
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


class Layout(NamedTuple):
    """The arrays of a result: how many bytes all of them take, and the shape and the type of each."""

    size: int
    parts: tuple[tuple[tuple[int, ...], str], ...]

    @classmethod
    def of(cls, example: Prepared) -> Layout:
        return cls(sum(part.nbytes for part in example), tuple((part.shape, part.dtype.str) for part in example))

    def views(self, memory: mmap.mmap, slot: int) -> tuple[NDArray[Any], ...]:
        """The arrays of a slot of the shared memory."""
        found: list[NDArray[Any]] = []
        place = slot * self.size
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


def main() -> None:
    """Prepare pictures until the input ends, as it does with the process that wants them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor = int(sys.argv[1])
    prepare = Preparer.from_json(sys.stdin.readline())
    memory, layout = None, Layout(0, ())
    for line in sys.stdin:
        kind, *told = json.loads(line)
        if kind == "layout":
            slots, size, parts = told
            layout = Layout(size, tuple((tuple(shape), kind) for shape, kind in parts))
            memory = mmap.mmap(descriptor, slots * size)
            continue
        slot, *task = told
        assert memory is not None
        try:
            for place, value in zip(layout.views(memory, slot), prepare(Task(*task)), strict=True):
                place[...] = value
            answer = None
        except Unreadable as unreadable:
            answer = [unreadable.reason]
        except Exception as error:
            answer = [f"{type(error).__name__}: {error}", "unexpected"]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
