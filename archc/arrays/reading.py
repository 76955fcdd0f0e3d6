"""Reads the arrays of an .npz file, each only after its header has been checked, and never by pickle.

The header gives the bytes of an array before any of them is decompressed, so a file that claims too much is refused
first. Every fault is one Failure that names the file and the array.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from archc.failure import FINDING, Failure
from archc.wording import listed

_SUFFIX = ".npy"
_SHARE = 0.5
"""The most that the arrays of a file may take of the machine's memory."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError)


class Header(NamedTuple):
    """What an array is, before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_fortran: bool

    @property
    def bytes(self) -> int:
        return prod(self.shape) * self.dtype.itemsize


def headers(file: Path) -> dict[str, Header]:
    """The headers of all arrays of a file by their names; their data are not read."""
    with _opened(file) as archive:
        found: dict[str, Header] = {}
        for member in archive.infolist():
            name = member.filename.removesuffix(_SUFFIX)
            if name == member.filename or name in found:
                why = "twice" if name in found else f"and is not an array, whose name ends in `{_SUFFIX}`"
                raise _unusable(file, f"`{_shown(member.filename)}` is in it {why}")
            with _reading(file, name), archive.open(member) as stream:
                found[name] = header = _header(stream)
                rest = member.file_size - stream.tell()
            if header.dtype.hasobject:
                help = "save numbers: `numpy.savez(file, name=array.astype(numpy.float32))`"
                raise Failure(f"{file}: `{_shown(name)}` contains Python objects, which are not loaded", help, FINDING)
            if rest != header.bytes:
                what = f"has {rest:,} bytes of data, but its shape {_shape(header.shape)} needs {header.bytes:,}"
                raise _unusable(file, f"`{_shown(name)}` {what}")
    _check_memory(file, found)
    return found


def read(file: Path, found: Mapping[str, Header]) -> dict[str, NDArray[Any]]:
    """The arrays of a file, whose headers have been checked."""
    with _opened(file) as archive:
        return {name: _array(archive, file, name, header) for name, header in found.items()}


def _array(archive: zipfile.ZipFile, file: Path, name: str, expected: Header) -> NDArray[Any]:
    with _reading(file, name), archive.open(name + _SUFFIX) as stream:
        if _header(stream) != expected:
            raise ValueError("it has changed since it was checked")
        flat = np.empty(prod(expected.shape), expected.dtype)
        view = memoryview(cast(Any, flat.view(np.uint8))) if flat.size else memoryview(b"")
        done = 0
        while done < len(view):
            count = cast(int, cast(Any, stream).readinto(view[done:]))
            if not count:
                raise EOFError(f"it ends after {done:,} of {len(view):,} bytes")
            done += count
        stream.read(1)  # past the end, where the checksum is compared
    order = "F" if expected.is_fortran else "C"
    return flat.reshape(expected.shape, order=order)


def _header(stream: IO[bytes]) -> Header:
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"it has version {version[0]}.{version[1]} of the format; 1.0 and 2.0 are known")
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = reader(stream)
    if any(size < 0 for size in shape):
        raise ValueError(f"its shape is {shape}")
    return Header(tuple(shape), dtype, is_fortran)


def _check_memory(file: Path, found: Mapping[str, Header]) -> None:
    total = sum(header.bytes for header in found.values())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if total > _SHARE * memory:
        message = f"{file} has {total / 2**30:,.1f} GiB of arrays; the limit is half of this machine's memory, "
        raise Failure(f"{message}{_SHARE * memory / 2**30:,.1f} GiB", "use fewer or smaller examples", FINDING)


@contextmanager
def _opened(file: Path) -> Generator[zipfile.ZipFile]:
    """The archive of a file, or a Failure if it is not one."""
    if not file.is_file():
        raise Failure(f"{file} is not a file", "write it by `numpy.savez`", FINDING)
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN as error:
        raise _unusable(file, _reason(error)) from error
    with archive:
        yield archive


@contextmanager
def _reading(file: Path, name: str) -> Generator[None]:
    """Turns what a broken array raises into a Failure."""
    try:
        yield
    except _BROKEN as error:
        raise _unusable(file, f"`{_shown(name)}`: {_reason(error)}") from error


def _unusable(file: Path, reason: str) -> Failure:
    return Failure(f"cannot read {file}: {reason}", "write it again by `numpy.savez`", FINDING)


def _reason(error: BaseException) -> str:
    return (
        (error.strerror or "it cannot be read") if isinstance(error, OSError) else str(error).partition("\n")[0][:200]
    )


def _shown(name: str) -> str:
    return name[:64] if name.isprintable() else ascii(name)[:64]


def _shape(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def names(found: Mapping[str, object]) -> str:
    """The names of arrays, for a message."""
    return listed([f"`{_shown(name)}`" for name in found]) if found else "no arrays"
