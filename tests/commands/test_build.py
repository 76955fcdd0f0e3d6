"""archc build: the file that it writes, and the files that it does not overwrite."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from archc.emit.seal import is_sealed


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_a_file_named_for_network_and_backend(archc, small: Path, here: Path) -> None:
    result = archc("build", small)
    assert (result.code, result.out) == (0, "small_torch.py: class Small, 837 parameters\n")
    assert is_sealed((here / "small_torch.py").read_text())
    assert names(here) == ["small.yaml", "small_torch.py"]
    for ruff in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *ruff, "--isolated", "small_torch.py"], cwd=here, check=True)


def test_a_renamed_layer_is_told(archc, small: Path) -> None:
    result = archc("build", small, "--backend", "torch")
    assert "class is emitted as class_: the name is reserved in torch source\n" in result.err


def test_into_a_new_folder_with_the_usual_rights(archc, small: Path, here: Path) -> None:
    before = os.umask(0o027)
    try:
        result = archc("build", small, "-o", "new/folder/net.py")
    finally:
        os.umask(before)
    assert (result.code, result.out) == (0, "new/folder/net.py: class Small, 837 parameters\n")
    assert stat.S_IMODE((here / "new/folder/net.py").stat().st_mode) == 0o640
    assert names(here / "new/folder") == ["net.py"]


def test_to_standard_output(archc, small: Path, here: Path) -> None:
    archc("build", small, "-o", "net.py")
    before = names(here)
    result = archc("build", small, "-o", "-")
    assert (result.code, result.out, names(here)) == (0, Path("net.py").read_text(), before)
    for option, message in [
        (("--check",), "`--check` compares a file; it cannot be used with `-o -`"),
        (("--output-format", "json"), "`-o -` and `--output-format json` both print to standard output"),
    ]:
        result = archc("build", small, "-o", "-", *option)
        assert (result.code, result.out) == (2, "")
        assert result.err == f"error: {message}\n  name a file with `-o`\n"


def test_json(archc, small: Path) -> None:
    result = archc("build", small, "-o", "net.py", "--output-format", "json")
    assert result.code == 0
    assert json.loads(result.out) == {
        "version": 1,
        "spec": "small.yaml",
        "output": "net.py",
        "backend": "torch",
        "parallel": None,
        "class": "Small",
        "parameters": 837,
        "renamed": {"class": "class_"},
        "stale": [],
        "findings": [],
        "sha256": hashlib.sha256(Path("net.py").read_bytes()).hexdigest(),
    }


def test_its_own_file_is_written_over(archc, small: Path) -> None:
    archc("build", small, "-o", "net.py")
    small.write_text(small.read_text().replace("units: 5", "units: 6"))
    result = archc("build", small, "-o", "net.py")
    assert result.code == 0
    assert "nn.Linear(144, 6)" in Path("net.py").read_text()


def test_a_foreign_file_stays(archc, small: Path, here: Path) -> None:
    Path("net.py").write_text("mine\n")
    result = archc("build", small, "-o", "net.py")
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-2:] == [
        "error: net.py was not emitted by archc",
        "  overwrite it with `--force`, or name another file with `-o`",
    ]
    assert Path("net.py").read_text() == "mine\n"
    assert archc("build", small, "-o", "net.py", "--force").code == 0
    assert is_sealed(Path("net.py").read_text())
    assert names(here) == ["net.py", "small.yaml"]


def test_an_edited_file_stays(archc, small: Path) -> None:
    archc("build", small, "-o", "net.py")
    edited = Path("net.py").read_text().replace("nn.ReLU()", "nn.GELU()")
    Path("net.py").write_text(edited)
    result = archc("build", small, "-o", "net.py")
    assert result.code == 2
    assert "error: net.py was edited after archc emitted it\n" in result.err
    assert Path("net.py").read_text() == edited


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\0", b"# archc \n"])
def test_a_file_of_odd_bytes_stays(archc, small: Path, data: bytes) -> None:
    Path("net.py").write_bytes(data)
    assert archc("build", small, "-o", "net.py").code == 2
    assert Path("net.py").read_bytes() == data


def test_a_folder_is_no_place(archc, small: Path, here: Path) -> None:
    Path("net.py").mkdir()
    result = archc("build", small, "-o", "net.py", "--force")
    assert result.code == 2
    assert "error: cannot write net.py: it is a folder\n" in result.err
    assert names(here) == ["net.py", "small.yaml"]


def test_a_link_stays_a_link(archc, small: Path, here: Path) -> None:
    Path("kept").mkdir()
    Path("net.py").symlink_to("kept/there.py")
    assert archc("build", small, "-o", "net.py").code == 0
    assert Path("net.py").is_symlink()
    assert is_sealed(Path("kept/there.py").read_text())
    assert names(here / "kept") == ["there.py"]


def test_links_in_a_circle(archc, small: Path, here: Path) -> None:
    Path("net.py").symlink_to("net.py")
    result = archc("build", small, "-o", "net.py")
    assert result.code in (0, 2, 3)
    assert "internal error" not in result.err


def test_a_place_under_a_file(archc, small: Path, here: Path) -> None:
    Path("file").write_text("")
    result = archc("build", small, "-o", "file/net.py")
    assert (result.code, result.out) == (3, "")
    assert result.err.splitlines()[-2].startswith("error: cannot write file/net.py: ")
    assert names(here) == ["file", "small.yaml"]


def test_a_write_that_fails_leaves_what_was_there(
    archc, small: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archc("build", small, "-o", "net.py")
    before = Path("net.py").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    result = archc("build", small, "-o", "net.py")
    assert result.code == 3
    assert "error: cannot write net.py: No space left on device\n" in result.err
    assert Path("net.py").read_bytes() == before
    assert names(here) == ["net.py", "small.yaml"]


def test_an_unknown_backend(archc, small: Path, here: Path) -> None:
    result = archc("build", small, "--backend", "jax")
    assert (result.code, result.out) == (3, "")
    first, second = result.err.splitlines()
    assert first == "error: the backend `jax` is not installed"
    assert second == "  available backends: keras, torch"
    assert names(here) == ["small.yaml"]


def test_nothing_is_written_for_a_spec_with_errors(archc, small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    result = archc("build", small)
    assert (result.code, result.out) == (1, "")
    assert "error[ARC201]" in result.err
    assert names(here) == ["small.yaml"]


def test_only_a_spec_with_a_recipe_has_an_optimizer(archc, small: Path) -> None:
    """And what `archc train` runs, in test_train.py: it has the default recipe."""
    trained = small.read_text() + (
        "train: {batch: 4, epochs: 2, loss: cross_entropy, test: center, "
        "optimizer: {sgd: {lr: 0.5, momentum: 0.9, weight_decay: 0}}, schedule: {on_plateau: {factor: 0.1, times: 3}}, "
        "data: {resize: 8, crop: 8, mirror: true, mean: pixel}}\n"
    )
    for backend, marks in (
        ("torch", ("gradients are not", "MomentumSGD")),
        ("keras", ('compile("sgd"', "compile(sgd()")),
    ):
        alone = archc("build", small, "--backend", backend, "-o", "-").out
        assert marks[0] in alone
        assert not {word for word in ("MomentumSGD", "sgd(", "plateau", "ReduceLROnPlateau") if word in alone}
        small.with_name("trained.yaml").write_text(trained)
        source = archc("build", "trained.yaml", "--backend", backend, "-o", "-").out
        assert marks[0] not in source
        assert marks[1] in source and "plateau(" in source and "0.5" in source
