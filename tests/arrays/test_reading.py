"""Files that are no archives of arrays, or that claim what they do not have: each is one line that names them."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archc.arrays import reading
from archc.arrays.reading import headers, read
from archc.failure import Failure


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), **options)
    return file.getvalue()


def claiming(shape: tuple[int, ...], data: bytes = b"") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue() + data


def saved(folder: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    file = folder / "train.npz"
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file


def refusal(file: Path) -> str:
    with pytest.raises(Failure) as caught:
        read(file, headers(file))
    assert caught.value.help
    assert "\n" not in caught.value.message
    return caught.value.message.replace(str(file), "FILE")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "u1", "?", "i8", "f2"])
def test_arrays_are_read_as_numpy_reads_them(tmp_path: Path, order: Any, dtype: str) -> None:
    array = np.asarray(np.random.default_rng(0).integers(0, 2, (3, 4, 5)), dtype, order=order)
    file = tmp_path / "train.npz"
    np.savez_compressed(file, x=array, empty=array[:0])
    found = read(file, headers(file))
    np.testing.assert_array_equal(found["x"], array)
    assert found["x"].dtype == array.dtype
    assert found["empty"].shape == (0, 4, 5)


class Harmful:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("harm"),)


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = npy(np.array([Harmful()], object), allow_pickle=True)
    assert refusal(saved(tmp_path, {"x.npy": objects})) == "FILE: `x` contains Python objects, which are not loaded"
    assert refusal(saved(tmp_path, {"x.npy": pickle.dumps(Harmful())})).startswith("cannot read FILE: `x`: ")
    assert not (tmp_path / "harm").exists()


def test_a_claim_is_checked_before_anything_is_decompressed(tmp_path: Path) -> None:
    """A megabyte of zeros that takes a kilobyte, and claims of more than any memory."""
    short = claiming((2**40,), bytes(2**20))
    assert refusal(saved(tmp_path, {"x.npy": short})) == (
        "cannot read FILE: `x` has 1,048,576 bytes of data, but its shape [1099511627776] needs 4,398,046,511,104"
    )
    assert "has 4 bytes of data, but its shape [2] needs 8" in refusal(
        saved(tmp_path, {"x.npy": claiming((2,), bytes(4))})
    )
    assert "needs 4" in refusal(saved(tmp_path, {"x.npy": claiming((1,), bytes(8))}))
    assert "its shape is (-1,)" in refusal(saved(tmp_path, {"x.npy": claiming((-1,))}))


def test_more_than_half_of_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path, {"x.npy": npy(np.zeros(1000))})
    monkeypatch.setattr(reading, "_SHARE", 1e-9)
    assert "the limit is half of this machine's memory" in refusal(file)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x.txt": b""}, "cannot read FILE: `x.txt` is in it and is not an array, whose name ends in `.npy`"),
        ({"x.npy": b""}, "cannot read FILE: `x`: "),
        ({"x.npy": b"\x93NUMPY\x03\x00" + bytes(200)}, "cannot read FILE: `x`: it has version 3.0 of the format"),
        ({"x.npy": b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535}, "cannot read FILE: `x`: "),
        ({"x.npy": npy(0)[:-1]}, "cannot read FILE: `x` has 7 bytes of data, but its shape [] needs 8"),
    ],
)
def test_broken_members(tmp_path: Path, members: dict[str, bytes], message: str) -> None:
    assert refusal(saved(tmp_path, members)).startswith(message)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_truncated_and_damaged_archives(tmp_path: Path, method: int) -> None:
    file = saved(tmp_path, {"x.npy": npy(np.random.default_rng(0).normal(size=1000))}, method)
    whole = file.read_bytes()
    for data in (b"", whole[:10], whole[: len(whole) // 2], whole[:-1], b"PK\x05\x06"):
        file.write_bytes(data)
        assert refusal(file).startswith("cannot read FILE: ")
    damaged = bytearray(whole)
    damaged[500] ^= 0xFF
    file.write_bytes(bytes(damaged))
    assert refusal(file).startswith("cannot read FILE: `x`: ")


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "FILE is not a file"
    with pytest.raises(Failure, match="is not a file"):
        headers(tmp_path / "missing.npz")


def test_a_name_that_cannot_be_shown(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path, {"\x1b[31mx.npy": b""})).startswith(r"cannot read FILE: `'\x1b[31mx'")
