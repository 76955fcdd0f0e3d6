"""archc fmt: files are rewritten whole or not at all, --check writes nothing, other files are skipped."""

from __future__ import annotations

import io
import stat
import sys
from pathlib import Path

import pytest

from archc.language.layout import canonical

MESSY = 'name: a\nschema: "archc/v1"  # one\nlayers: {r: {op: relu}}\ninput: {image: [3, 8, 8]}\n'
NEAT = "schema: archc/v1  # one\nname: a\ninput: {image: [3, 8, 8]}\n\nlayers:\n  r: {op: relu}\n"
BROKEN = "schema: archc/v1\nname: a\nname: b\n"


@pytest.fixture
def specs(here: Path) -> Path:
    (here / "specs").mkdir()
    (here / "specs" / "messy.yaml").write_text(MESSY)
    (here / "specs" / "neat.yaml").write_text(NEAT)
    return Path("specs")


@pytest.fixture
def type_in(monkeypatch: pytest.MonkeyPatch):
    def type_in(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return type_in


def test_a_folder_is_formatted_in_place(archc, specs: Path) -> None:
    (specs / "messy.yaml").chmod(0o640)
    result = archc("fmt", specs)
    assert (result.code, result.err) == (0, "")
    assert result.out == "formatted specs/messy.yaml\n1 spec formatted, 1 unchanged\n"
    assert (specs / "messy.yaml").read_text() == NEAT
    assert stat.S_IMODE((specs / "messy.yaml").stat().st_mode) == 0o640
    assert sorted(file.name for file in specs.iterdir()) == ["messy.yaml", "neat.yaml"]
    assert archc("fmt", specs).out == "2 specs unchanged\n"


def test_a_formatted_file_is_not_written(archc, specs: Path) -> None:
    before = (specs / "neat.yaml").stat()
    archc("fmt", specs)
    after = (specs / "neat.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_check_writes_nothing(archc, specs: Path) -> None:
    result = archc("fmt", "--check", specs)
    assert (result.code, result.err) == (1, "")
    assert result.out == "would format specs/messy.yaml\n1 spec would change, 1 unchanged\n"
    assert (specs / "messy.yaml").read_text() == MESSY
    assert archc("fmt", "--check", specs / "neat.yaml").code == 0


def test_a_link_stays_one(archc, specs: Path, here: Path) -> None:
    (here / "link.yaml").symlink_to(specs / "messy.yaml")
    assert archc("fmt", "link.yaml").code == 0
    assert (here / "link.yaml").is_symlink()
    assert (specs / "messy.yaml").read_text() == NEAT


def test_an_invalid_file_is_skipped_and_the_others_are_not(archc, specs: Path) -> None:
    (specs / "broken.yaml").write_text(BROKEN)
    result = archc("fmt", specs)
    assert result.code == 1
    assert result.err.startswith("specs/broken.yaml:3:1: error[ARC005]")
    assert result.out == "formatted specs/messy.yaml\n1 spec formatted, 1 unchanged, 1 skipped\n"
    assert (specs / "broken.yaml").read_text() == BROKEN


@pytest.mark.parametrize("text", ["set -e\necho $1  # a script\n", "services:\n    web:\n        image: nginx\n"])
def test_a_file_that_is_not_a_spec_is_skipped(archc, type_in, specs: Path, text: str) -> None:
    """YAML reads a script as one string: its lines would become one."""
    (specs / "other").write_text(text)
    result = archc("fmt", specs / "other", specs / "neat.yaml")
    assert (result.code, result.out) == (1, "1 spec unchanged, 1 skipped\n")
    assert result.err == "error: skipped specs/other: no `schema: archc/…` line\n"
    assert (specs / "other").read_text() == text
    type_in(text.encode())
    assert archc("fmt", "-").out == ""


def test_an_empty_name_is_not_a_folder(archc, specs: Path) -> None:
    result = archc("fmt", "")
    assert (result.code, result.out, result.err) == (
        2,
        "",
        "error: the path of a spec is empty\n  use `.` for the current folder\n",
    )
    assert (specs / "messy.yaml").read_text() == MESSY


def test_the_spec_that_comes_with_archc_is_never_written(
    archc, here: Path, specs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (specs / "messy.yaml").rename(here / "alexnet.yaml")
    monkeypatch.setattr("archc.console.specs.packaged_specs", lambda: here)
    result = archc("fmt")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "error: no spec given, and specs/alexnet.yaml does not exist\n  name the spec: `archc fmt SPEC`\n"
    )
    assert archc("fmt", "--check").out.endswith("1 spec would change\n")  # writes nothing, so it may read that spec
    assert shipped.read_text() == MESSY


def test_without_a_name_the_folder_s_own_default_is_formatted(archc, specs: Path) -> None:
    (specs / "messy.yaml").rename(specs / "alexnet.yaml")
    result = archc("fmt")
    assert (result.code, result.out) == (0, "formatted specs/alexnet.yaml\n1 spec formatted\n")
    assert (specs / "alexnet.yaml").read_text() == NEAT


def test_a_spec_with_errors_is_formatted(archc, specs: Path) -> None:
    (specs / "messy.yaml").write_text(MESSY.replace("relu", "rely"))
    assert archc("fmt", specs / "messy.yaml").code == 0
    assert (specs / "messy.yaml").read_text() == NEAT.replace("relu", "rely")


def test_standard_input_to_standard_output(archc, type_in, here: Path) -> None:
    type_in(MESSY.encode())
    result = archc("fmt", "-")
    assert (result.code, result.out, result.err) == (0, NEAT, "")
    type_in(MESSY.encode())
    result = archc("fmt", "--check", "-")
    assert (result.code, result.out, result.err) == (1, "would format <stdin>\n", "")
    type_in(MESSY.encode())
    (here / "a.yaml").write_text(MESSY)
    result = archc("fmt", "-", "a.yaml")
    assert (result.code, result.out, result.err) == (0, NEAT, "formatted a.yaml\n2 specs formatted\n")
    (here / "a.yaml").unlink()
    type_in(BROKEN.encode())
    result = archc("fmt", "-")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("<stdin>:3:1: error[ARC005]")
    assert list(here.iterdir()) == []


def test_a_layout_that_would_change_the_meaning_is_never_written(
    archc, specs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No text is known for which this happens: a printer that loses the last line stands in for the defect."""
    monkeypatch.setattr(canonical, "lines", lambda root, tail: ["name: a"])
    result = archc("fmt", specs / "messy.yaml")
    assert result.code == 3
    assert result.err.startswith("internal error: formatting would change the meaning of specs/messy.yaml")
    assert result.err.count("\n") == 1
    assert result.out == "1 spec failed\n"
    assert (specs / "messy.yaml").read_text() == MESSY


def test_the_specs_of_archc_are_formatted(archc, alexnet: Path) -> None:
    result = archc("fmt", "--check", alexnet.parent)
    assert (result.code, result.err) == (0, "")


def test_a_suppression_is_not_moved_away_from_its_advice(archc, here: Path) -> None:
    """The comment is below the fields of one section and above the next, and the sections change places."""
    text = (
        "schema: archc/v1\nname: a\ninput: {image: [3, 8, 8]}\n"
        "parallel:\n  devices: 1\n  strategy: data\n  # archc: allow ARC902\n"
        "defaults: {max_pool2d: {kernel: 3, stride: 2}}\nlayers: {pool1: {op: max_pool2d}}\n"
    )
    Path("a.yaml").write_text(text)
    assert archc("check", "a.yaml", "--strict").code == 0
    result = archc("fmt", "a.yaml")
    assert result.err == "left a.yaml as it is: formatting would move a suppression away from its advice\n"
    assert (result.code, result.out, Path("a.yaml").read_text()) == (0, "1 spec unchanged\n", text)
