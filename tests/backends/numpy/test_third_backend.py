"""A third backend at work: its own tests pass, `archc` uses it, and what it cannot express is told at each layer."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ALEXNET = ROOT / "specs" / "alexnet.yaml"
LENET = ROOT / "tests" / "specs" / "good" / "lenet.yaml"
ARCHC = "from archc.commands import main; main()"


def python(site: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A process in which the backend is installed."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_its_own_tests_pass_with_the_conformance_kit(site: Path, project: Path, tmp_path: Path) -> None:
    done = python(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", project / "tests", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    passed = re.search(r"([0-9]+) passed", done.stdout)
    assert passed is not None and int(passed[1]) > 500
    assert "skipped" not in done.stdout


def test_what_it_emits_runs_without_archc(site: Path, tmp_path: Path) -> None:
    done = python(site, "-c", ARCHC, "build", LENET, "--backend", "numpy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "lenet_numpy.py: class Lenet, 61,706 parameters\n"), done.stderr
    script = (
        "import sys; sys.modules['archc'] = None; sys.path.append('.'); import lenet_numpy, numpy;"
        "print(lenet_numpy.Lenet().predict(numpy.zeros((2, 1, 32, 32))).sum(1))"
    )
    assert subprocess.check_output([sys.executable, "-I", "-c", script], cwd=tmp_path, text=True) == "[1. 1.]\n"
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "lenet_numpy.py"]
    subprocess.run(ruff, cwd=tmp_path, check=True)


def test_every_layer_that_it_cannot_express_is_told_in_one_run(site: Path, tmp_path: Path) -> None:
    done = python(site, "-c", ARCHC, "build", ALEXNET, "--backend", "numpy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    text = ALEXNET.read_text(encoding="utf-8").splitlines()
    found = re.findall(r"alexnet.yaml:([0-9]+):([0-9]+): error\[ARC501\]: (.*)", done.stderr)
    told = [(text[int(line) - 1][int(column) - 1 :].split(",")[0].split("}")[0], said) for line, column, said in found]
    unsupported = "which the NumPy backend does not support"
    assert told == [
        ("lrn", f"norm1 needs `lrn`, {unsupported} (2 places)"),
        ("conv2d", f"conv2 needs 2 groups, {unsupported} (3 places)"),
    ]
    assert "note: in 2 layers: norm1, norm2" in done.stderr
    assert "note: in 3 layers: conv2, conv4, conv5" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_trains_nothing(site: Path, tmp_path: Path) -> None:
    done = python(site, "-c", ARCHC, "train", LENET, "--backend", "numpy", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: the backend `numpy` emits source, but cannot train it\n" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["archc_numpy", "numpy"])
def test_it_is_installed_nowhere_else(name: str) -> None:
    listed = "from importlib.metadata import entry_points as e; print([p.name for p in e(group='archc.backends')])"
    assert name not in subprocess.check_output([sys.executable, "-c", listed], text=True)
