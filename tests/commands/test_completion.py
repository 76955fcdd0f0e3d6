"""Shell completion: typer's scripts for bash and zsh, and the words that they ask archc for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ARCHC = [sys.executable, "-m", "archc"]


def completed(line: str, shell: str) -> str:
    """What archc prints for a command line whose last word is being typed; the word is '' after a space."""
    words = line.split(" ")
    asked = {"_ARCHC_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell != "bash":
        del asked["COMP_WORDS"], asked["COMP_CWORD"]
        asked["_TYPER_COMPLETE_ARGS"] = line
    done = subprocess.run(ARCHC, capture_output=True, text=True, env={**os.environ, **asked})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("archc ch", ["check"]),
        ("archc b", ["build", "backends"]),
        ("archc check --out", ["--output-format"]),
        ("archc check --output-format g", ["github"]),
        ("archc build --backend ", ["keras", "torch"]),
        ("archc explain ARC20", [f"ARC20{n}" for n in range(1, 10)]),
        ("archc explain conv_", ["conv_transpose1d", "conv_transpose2d"]),
        ("archc schema p", ["plan", "predict"]),
        ("archc check --q", ["--quiet"]),
    ],
)
def test_words(line: str, words: list[str]) -> None:
    assert completed(line, "bash").splitlines() == words
    assert all(f'"{word}"' in completed(line, "zsh") for word in words)


@pytest.mark.parametrize(
    "line",
    [
        "archc check sp",
        "archc build ",
        "archc fmt specs/a",
        "archc diff old.yaml n",
        "archc train --data d",
        "archc train s",
    ],
)
def test_specs_and_folders_complete_as_files(line: str) -> None:
    """Without words of archc's own, bash completes files by `-o default`, and zsh by `_files`."""
    assert completed(line, "bash") == ""
    assert completed(line, "zsh") == "_files"


def shown(shell: str) -> str:
    # Typer finds out which shell calls it, unless this is set, for its own tests; then the shell is an argument.
    settings = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run([*ARCHC, "--show-completion", shell], capture_output=True, text=True, env=settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_script_of_bash_completes_in_bash(tmp_path: Path) -> None:
    (tmp_path / "script").write_text(shown("bash"))
    (tmp_path / "archc").write_text(f'#!/bin/sh\nexec {sys.executable} -m archc "$@"\n')
    (tmp_path / "archc").chmod(0o755)
    typed = "COMP_WORDS=(archc pl); COMP_CWORD=1; _archc_completion ./archc; echo ${COMPREPLY[@]}"
    script = f"source ./script; {typed}; complete -p archc"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("plan plot\ncomplete -o default -F _archc_completion archc\n", "")


def test_the_script_of_zsh() -> None:
    script = shown("zsh")
    assert script.startswith("#compdef archc\n")
    assert "_ARCHC_COMPLETE=complete_zsh archc" in script


@pytest.mark.parametrize(("shell", "file"), [("bash", ".bash_completions/archc.sh"), ("zsh", ".zfunc/_archc")])
def test_installing_writes_the_script(tmp_path: Path, shell: str, file: str) -> None:
    settings = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    done = subprocess.run([*ARCHC, "--install-completion", shell], capture_output=True, text=True, env=settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{shell} completion installed in {tmp_path / file}\n")
    assert (tmp_path / file).read_text().strip() == shown(shell).strip()


def test_installing_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").mkdir()
    settings = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    done = subprocess.run([*ARCHC, "--install-completion", "bash"], capture_output=True, text=True, env=settings)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: cannot install completion: ")
    assert "Traceback" not in done.stderr
