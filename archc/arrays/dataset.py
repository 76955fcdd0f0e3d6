"""The arrays of a job: whether they suit its network and its loss, and the batches of one rank."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc.arrays.folder import FILES
from archc.arrays.reading import Header, headers, names, read
from archc.arrays.shapes import check_shape
from archc.failure import FINDING, Failure
from archc.language.recipe import TestViews
from archc.pictures.fingerprint import fingerprint
from archc.training.batch import check_batch
from archc.training.feed import Batch
from archc.training.job import Job, Value
from archc.training.order import Indices, batches
from archc.training.result import Data, read_result, record_data
from archc.training.share import ALONE, Share

TARGETS = ("target", "label")
"""The names that the array of targets can have."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """The examples of one file: an array for each input, in the order of the network, and the targets."""

    inputs: tuple[Array, ...]
    targets: Array

    def __len__(self) -> int:
        return len(self.targets)

    def taken(self, indices: list[int]) -> Part:
        """The part with these examples only."""
        if len(indices) == len(self):
            return self
        return Part(tuple(values[indices] for values in self.inputs), self.targets[indices])


class Arrays:
    """The arrays of a job, as `archc.dataset.Dataset` describes them."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._files = [job.pictures / name for name in FILES]
        self._headers = [_checked(job, file, headers(file)) for file in self._files]
        self._parts: list[Part] = []
        counts = [_count(each) for each in self._headers]
        self.classes = job.outputs if job.recipe.loss == "cross_entropy" else 0
        batch, devices, parts = job.recipe.batch, job.devices, job.recipe.accumulate
        fixed, called = job.overfit_batches, job.example
        check_batch(
            batch, devices, needs_two=job.needs_two, pictures=counts[0], called=called, fixed=fixed, parts=parts
        )
        self._used = [job.used(count, held_out=place > 0) for place, count in enumerate(counts)]
        self.count, self.held_out = map(len, self._used)

    def open(self) -> None:
        """Read and check all values. Call it once, in one process, before any rank starts."""
        self._read()
        record_data(self._job, self._fingerprint())

    def load(self) -> None:
        """Read the arrays that `open` has checked, in the process of a rank."""
        result = read_result(self._job.run)
        if result is None or result.data != self._fingerprint():
            raise Failure(f"{self._job.pictures} has changed since the run began", "start the run again", FINDING)
        self._read()

    def feed(self, share: Share, threads: int) -> ArrayFeed:
        """The examples of one rank."""
        train, val = (part.taken(used) for part, used in zip(self._parts, self._used, strict=True))
        return ArrayFeed(self._job, train, val, share)

    def _fingerprint(self) -> Data:
        return fingerprint(self._job.pictures, self._files, called="arrays")

    def _read(self) -> None:
        found = zip(self._files, self._headers, strict=True)
        self._parts = [_part(self._job, file, read(file, headers)) for file, headers in found]


@dataclass(frozen=True)
class ArrayFeed:
    """The examples of one rank; implements `archc.training.feed.Feed`."""

    job: Job
    train: Part
    val: Part
    share: Share = ALONE
    normalisation: None = None

    def close(self) -> None:
        """Nothing works ahead."""

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        recipe, seed, fixed, parts = (
            self.job.recipe,
            self.job.seed,
            self.job.overfit_batches,
            self.job.recipe.accumulate,
        )
        order = batches(len(self.train), recipe.batch, seed=seed, epoch=epoch, fixed=fixed, parts=parts)
        for whole in order[first * parts :]:
            yield self._batch(self.train, whole)

    def held_out(self, test: TestViews) -> Generator[Batch]:
        for whole in self.share.held_out(len(self.val), max(self.job.recipe.batch // self.share.ranks, 1)):
            batch = self._batch(self.val, whole)
            yield replace(batch, inputs=tuple(x[:, None] for x in batch.inputs))

    def _batch(self, part: Part, whole: Indices) -> Batch:
        """This rank's share of a batch, with the channels last."""
        targets = part.targets[self.share.target(whole)]
        return Batch(
            tuple(_channels_last(x[self.share.read(whole)]) for x in part.inputs),
            _channels_last(targets) if part.targets.dtype == np.float32 else targets,
            len(whole),
        )


def held_out_arrays(job: Job, folder: Path) -> ArrayFeed:
    """The examples of val.npz in a folder, for a network that is trained; a Failure if they do not suit it."""
    file = folder / FILES[1]
    found = _checked(job, file, headers(file))
    part = _part(job, file, read(file, found))
    return ArrayFeed(job, part, part)


def _channels_last(values: Array) -> Array:
    """(n, C, …) as (n, …, C); a vector and tokens have no other axes."""
    return np.ascontiguousarray(np.moveaxis(values, 1, -1))


def _count(found: Mapping[str, Header]) -> int:
    return next(iter(found.values())).shape[0]


def _checked(job: Job, file: Path, found: dict[str, Header]) -> dict[str, Header]:
    """The arrays that a job needs, the targets last; a Failure for the first that is missing, unknown or misshapen."""
    target = _target(job, file, found)
    for name in (*job.inputs, target):
        if name not in found:
            others = [*(found.keys() - {*job.inputs, target})]
            lacking = sum(each not in found for each in (*job.inputs, target))
            right = f"save {names({others[0]: None})} as `{name}`" if len(others) == lacking == 1 else None
            raise _refused(file, f"has no array `{name}`: it has {names(found)}", right or f"save an array `{name}`")
    if unknown := found.keys() - {*job.inputs, target}:
        what = f"has {names(dict.fromkeys(sorted(unknown)))}, which {job.name} does not read"
        raise _refused(file, what, f"save only {names(dict.fromkeys((*job.inputs, target)))}")
    wanted = {name: (value.shape, "ui" if value.vocabulary else "fuib") for name, value in job.inputs.items()}
    is_classes = job.recipe.loss == "cross_entropy"
    wanted[target] = (job.output[1:], "ui") if is_classes else (job.output, "fuib")
    ordered = {name: found[name] for name in wanted}
    for name, (shape, kinds) in wanted.items():
        header = found[name]
        classes = job.outputs if is_classes and name == target else 0
        check_shape(file, name, header.shape, tuple(shape), job.name, classes)
        if header.dtype.kind not in kinds:
            what = "whole numbers" if kinds == "ui" else "numbers"
            raise _refused(file, f"`{name}` has the type {header.dtype}; it must be {what}", "convert it by `.astype`")
    counts = {header.shape[0] for header in ordered.values()}
    if counts == {0} or len(counts) > 1:
        each = ", ".join(f"{name} {header.shape[0]:,}" for name, header in ordered.items())
        raise _refused(file, f"needs the same number of examples in each array, at least 1: {each}", "save it again")
    return ordered


def _target(job: Job, file: Path, found: Mapping[str, Header]) -> str:
    """The name of the array of targets."""
    names_ = [name for name in TARGETS if name not in job.inputs]
    written = [name for name in names_ if name in found]
    if len(written) > 1:
        raise _refused(file, "has both `target` and `label`", "save one of them")
    if not names_:
        help = "rename one of the inputs in the spec"
        raise Failure(f"{job.name} has inputs `target` and `label`, the names of targets", help, FINDING)
    return written[0] if written else names_[0]


def _part(job: Job, file: Path, arrays: dict[str, Array]) -> Part:
    """The arrays with the types that training reads; a Failure for the first value that is out of range."""
    *inputs, (target, values) = arrays.items()
    converted = [_input(file, name, array, job.inputs[name]) for name, array in inputs]
    match job.recipe.loss:
        case "cross_entropy":
            targets = _within(file, target, values, job.outputs, "class")
        case "binary_cross_entropy":
            targets = _finite(file, target, values)
            if wrong := _first((targets < 0) | (targets > 1)):
                what = f"`{target}` is {targets[wrong]:g} at {_place(wrong)}; `binary_cross_entropy` takes 0 to 1"
                raise _refused(file, what, "save 0 for false and 1 for true")
        case "mean_squared_error":
            targets = _finite(file, target, values)
    return Part(tuple(converted), targets)


def _input(file: Path, name: str, array: Array, value: Value) -> Array:
    return _within(file, name, array, value.vocabulary, "token") if value.vocabulary else _finite(file, name, array)


def _within(file: Path, name: str, array: Array, most: int, what: str) -> Array:
    if wrong := _first((array < 0) | (array >= most)):
        message = f"`{name}` is {array[wrong]} at {_place(wrong)}; a {what} is from 0 to {most - 1:,}"
        raise _refused(file, message, f"save every {what} as its number, from 0")
    return array.astype(np.int64)


def _finite(file: Path, name: str, array: Array) -> Array:
    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    if wrong := _first(~np.isfinite(values)):
        raise _refused(file, f"`{name}` is {array[wrong]:g} at {_place(wrong)} in float32", "save finite numbers")
    return values


def _first(wrong: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """The index of the first true value."""
    if not wrong.any():
        return None
    return tuple(map(int, np.unravel_index(int(wrong.argmax()), wrong.shape)))


def _place(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]"


def _refused(file: Path, what: str, help: str) -> Failure:
    return Failure(f"{file} {what}" if not what.startswith("`") else f"{file}: {what}", help, FINDING)
