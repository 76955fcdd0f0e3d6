"""archc check --fix: safe fixes are written to the files, and nothing else in them changes."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from archc.language.reader import MAX_BYTES


@pytest.fixture
def wrong(small: Path) -> Path:
    """A spec with comments, a byte order mark and Windows line endings, and three certain fixes in two rounds."""
    text = small.read_text().replace("op: conv2d, filters: 4, kernel: 3", "op: Conv2D, out_channels: 4, kernel_size: 3")
    small.write_bytes(("\ufeff# 漢\r\n" + text.replace("\n", "  # kept\r\n")).encode())
    return small


def mended(data: bytes) -> bytes:
    return data.replace(b"Conv2D", b"conv2d").replace(b"out_channels", b"filters").replace(b"kernel_size", b"kernel")


def test_the_file_is_fixed_what_was_fixed_is_said_and_the_rest_reported(archc, wrong: Path) -> None:
    before = wrong.read_bytes()
    result = archc("check", wrong, "--fix")
    assert wrong.read_bytes() == mended(before)
    assert result.code == 0
    assert result.out.startswith("small.yaml is valid\n")
    assert result.err == (
        "small.yaml: 3 fixes applied\n"
        "  small.yaml:7:15: error[ARC102]: unknown op `Conv2D`; now `conv2d`\n"
        "  small.yaml:7:23: error[ARC101]: unknown field `out_channels` in conv1; now `filters`\n"
        "  small.yaml:7:40: error[ARC101]: unknown field `kernel_size` in conv1; now `kernel`\n"
    )
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "small.yaml"]


def test_again_there_is_nothing_to_fix(archc, wrong: Path) -> None:
    archc("check", wrong, "--fix")
    before, written = wrong.read_bytes(), wrong.stat().st_mtime_ns
    result = archc("check", wrong, "--fix")
    assert (result.code, result.err) == (0, "")
    assert (wrong.read_bytes(), wrong.stat().st_mtime_ns) == (before, written)


def test_what_cannot_be_fixed_is_reported_as_it_is_then(archc, wrong: Path) -> None:
    wrong.write_bytes(wrong.read_bytes().replace(b"op: relu", b"op: warp"))
    result = archc("check", wrong, "--fix", "--output-format", "concise")
    assert result.code == 1
    assert result.out == "small.yaml:8:15: error[ARC102]: unknown op `warp`\n"
    assert b"kernel: 3" in wrong.read_bytes()


def test_the_spec_that_comes_with_archc_is_never_fixed(
    archc, wrong: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "shipped").mkdir()
    shipped = wrong.rename(here / "shipped" / "alexnet.yaml")
    monkeypatch.setattr("archc.console.specs.packaged_specs", lambda: here / "shipped")
    before = shipped.read_bytes()
    result = archc("check", "--fix")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: no spec given, and specs/alexnet.yaml does not exist\n  name the spec: `archc check SPEC --fix`\n"
    )
    assert shipped.read_bytes() == before
    assert "unknown op `Conv2D`" in archc("check").out


def test_only_the_files_with_fixes_are_written(archc, wrong: Path) -> None:
    Path("other.yaml").write_bytes(mended(wrong.read_bytes()))
    os.utime("other.yaml", ns=(1, 1))
    result = archc("check", ".", "--fix")
    assert result.code == 0
    assert "small.yaml: 3 fixes applied" in result.err
    assert "other.yaml" not in result.err
    assert Path("other.yaml").stat().st_mtime_ns == 1
    assert result.out.splitlines()[-1] == "2 specs checked, all valid"


def test_permissions_and_links_stay(archc, wrong: Path) -> None:
    wrong.chmod(0o640)
    Path("link.yaml").symlink_to(wrong)
    assert archc("check", "link.yaml", "--fix").code == 0
    assert Path("link.yaml").is_symlink()
    assert stat.S_IMODE(wrong.stat().st_mode) == 0o640
    assert b"Conv2D" not in wrong.read_bytes()


def test_a_disk_that_fails_leaves_the_file_whole(archc, wrong: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = wrong.read_bytes()

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = archc("check", wrong, "--fix")
    assert (result.code, result.out) == (3, "")
    assert result.err == "error: cannot write small.yaml: No space left on device\n"
    assert wrong.read_bytes() == before
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "small.yaml"]


@pytest.mark.parametrize("output_format", ["full", "json"])
def test_of_standard_input_the_fixed_text_is_the_output(
    archc, wrong: Path, monkeypatch: pytest.MonkeyPatch, output_format: str
) -> None:
    data = wrong.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    result = archc("check", "-", "--fix", "--output-format", output_format)
    assert result.code == 0
    sys.stdout.flush()
    assert sys.stdout.buffer.getvalue() == mended(data)  # pyright: ignore[reportAttributeAccessIssue]
    if output_format == "json":
        assert json.loads(result.err)["specs"][0]["holds"]
    else:
        assert result.err.startswith("<stdin>: 3 fixes applied\n")
        assert "<stdin> is valid\n" in result.err


def test_without_the_option_nothing_is_written(archc, wrong: Path) -> None:
    before = wrong.read_bytes()
    assert archc("check", wrong).code == 1
    assert wrong.read_bytes() == before


def test_of_a_text_too_long_to_be_read_whole_no_part_is_written(
    archc, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"# \n" * (MAX_BYTES // 3 + 1))))
    result = archc("check", "-", "--fix")
    assert (result.code, result.out) == (1, "")
    assert "error[ARC003]" in result.err


def test_lines_that_are_added_or_deleted_are_said_too(archc, small: Path) -> None:
    before = small.read_text()
    lines = [line for line in before.splitlines(keepends=True) if "flatten" not in line]
    assert len(lines) == len(before.splitlines()) - 1
    dense = next(n for n, line in enumerate(lines) if "op: dense" in line)
    small.write_text("".join([*lines[:dense], "  # archc: allow ARC902\n", *lines[dense:]]))
    result = archc("check", small, "--fix")
    assert small.read_text() == before
    assert result.code == 0
    added, deleted = result.err.splitlines()[1:]
    assert added.endswith("; now `flat: {op: flatten}`")
    assert deleted.endswith(f"unused suppression: ARC902 is not reported on line {dense + 2}; now deleted")
