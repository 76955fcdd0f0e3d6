"""archc backends: the installed backends, their versions, and the reason that one cannot be used."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution, version
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from archc.installing import backend_help

Install = Callable[[str, str, str], None]

MINE = """
class Mine:
    name, protocol, frameworks, strategies, train_module = "mine", 3, ("numpy", "a-thing"), (), None

    def emit(self, request):
        raise NotImplementedError

backend = Mine()
"""


def test_archc_s_own(archc) -> None:
    result = archc("backends")
    assert (result.code, result.err) == (0, "")
    head, keras, torch = result.out.splitlines()
    assert head.split() == ["backend", "distribution", "framework", "does"]
    versions = f"keras {version('keras')}, tensorflow {version('tensorflow')}"
    assert keras.split() == f"keras archc-keras {version('archc-keras')} {versions} emits, trains".split()
    assert torch.split() == f"torch archc-torch {version('archc-torch')} torch {version('torch')} emits, trains".split()
    assert max(map(len, result.out.splitlines())) <= 80


def test_no_framework_is_imported_to_tell() -> None:
    script = """
import sys
from archc.commands import main
sys.argv = ["archc", "backends"]
try:
    main()
finally:
    print({"torch", "keras", "tensorflow", "numpy"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_one_of_somebody_else_without_its_framework(archc, install_backend: Install) -> None:
    install_backend("archc-mine", "mine", MINE)
    result = archc("backends")
    assert (result.code, result.err) == (0, "")
    (line,) = (line for line in result.out.splitlines() if line.startswith("mine"))
    assert line.split() == f"mine archc-mine 1.0 numpy {version('numpy')}, a-thing not installed emits".split()


def test_one_that_lacks_what_it_requires_names_it(archc, install_backend: Install, small: Path) -> None:
    install_backend("archc-mine", "mine", MINE.replace("None\n", '"mine.train"\n', 1))
    metadata = Path(str(distribution("archc-mine").locate_file("archc_mine-1.0.dist-info/METADATA")))
    with metadata.open("a") as file:
        file.writelines(f"Requires-Dist: {needed}\n" for needed in ("numpy>=1", "a-thing>=2", "b-thing", "c-thing"))
    result = archc("backends")
    assert (result.code, result.err) == (0, "")
    (line,) = (line for line in result.out.splitlines() if line.startswith("mine"))
    assert line.endswith("emits; to train, it lacks a-thing, b-thing and c-thing")
    document = json.loads(archc("backends", "--output-format", "json").out)
    (mine,) = (backend for backend in document["backends"] if backend["name"] == "mine")
    assert (mine["trains"], mine["lacks"]) == (False, ["a-thing", "b-thing", "c-thing"])
    first, help = archc("train", small, "--backend", "mine").err.splitlines()
    assert first == "error: the backend `mine` cannot train: a-thing, b-thing and c-thing are not installed"
    assert help.endswith("'a-thing>=2' b-thing c-thing`")


def test_one_that_cannot_be_used_is_told_with_its_reason(archc, install_backend: Install) -> None:
    install_backend("archc-mine", "mine", "raise RuntimeError('no \\x1b[31m license')")
    result = archc("backends")
    assert (result.code, result.err) == (3, "")
    assert "unusable, see below\n" in result.out
    message = "the backend `mine` of archc-mine cannot be imported: RuntimeError: no \\u001b[31m license"
    assert result.out.endswith(f"\nerror: {message}\n  reinstall archc-mine, or report it to its authors\n")


def test_two_of_one_name_are_both_listed(archc, install_backend: Install) -> None:
    install_backend("archc-mine", "mine", MINE)
    install_backend("other-thing", "mine", MINE)
    result = archc("backends")
    assert result.code == 3
    assert {line.split()[1] for line in result.out.splitlines() if line.startswith("mine")} == {
        "archc-mine",
        "other-thing",
    }
    assert "archc-mine and other-thing both provide the backend `mine`\n  uninstall one of them\n" in result.out


def test_none(archc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archc.entry_points.entry_points", lambda group: ())
    result = archc("backends")
    assert (result.code, result.out) == (3, "")
    assert result.err == f"error: no backend is installed\n  {backend_help('torch')} or {backend_help('keras')}\n"
    assert json.loads(archc("backends", "--output-format", "json").out) == {"version": 1, "backends": []}


def test_json_of_one_that_cannot_be_used(archc, install_backend: Install) -> None:
    install_backend("archc-mine", "mine", MINE.replace("3,", "1,"))
    result = archc("backends", "--output-format", "json")
    assert result.code == 3
    document = json.loads(result.out)
    Draft202012Validator(json.loads(archc("schema", "backends").out)).validate(document)
    (mine,) = (backend for backend in document["backends"] if backend["name"] == "mine")
    assert mine == {
        "name": "mine",
        "distribution": "archc-mine",
        "version": "1.0",
        "frameworks": [],
        "trains": False,
        "lacks": [],
        "failure": {
            "message": "the backend `mine` of archc-mine has protocol 1, this archc has 3",
            "help": "install versions of archc and archc-mine that match",
        },
    }
