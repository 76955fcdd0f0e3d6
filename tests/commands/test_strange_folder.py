"""Every command in a folder with files that have the names of modules: none of them is run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archc.commands import EXAMPLES

MODULES = (
    *("sitecustomize", "usercustomize", "torch", "numpy", "PIL", "safetensors", "keras", "tensorflow", "yaml", "typer"),
    *("pydantic", "pydantic_core", "rich", "archc_torch", "archc_keras", "typing_extensions", "annotated_types"),
    *("tempfile", "fractions", "decimal", "difflib", "multiprocessing", "concurrent", "socket", "psutil"),
)
LINES = {
    "init": ("init -",),
    "check": ("check small.yaml --output-format json", "check small.yaml --fix"),
    "fmt": ("fmt small.yaml",),
    "expand": ("expand small.yaml",),
    "build": ("build small.yaml --backend torch", "build small.yaml --backend keras"),
    "graph": ("graph small.yaml -o small.svg",),
    "plan": ("plan small.yaml --gpus 2",),
    "train": tuple(
        f"train small.yaml --steps 1 --batch 4 --run run {more}" for more in ("--gpus 2", "--backend keras")
    ),
    "study": ("study study.yaml",),
    "backends": ("backends",),
    "explain": ("explain ARC210",),
    "diff": ("diff small.yaml small.yaml --output-format markdown",),
    "schema": ("schema",),
}
STUDY = """schema: archc-study/v1
name: one
runs: {small: {spec: small.yaml}}
seeds: [0]
train: {batch: 4, steps: 1}
"""
OF_A_RUN = {"evaluate": "run", "predict": "run picture.jpg", "runs": ".", "plot": "run -o curves.svg"}
"""What reads a run: tried after each training."""

SCRIPT = Path(sys.executable).with_name("archc")


@pytest.mark.parametrize("line", [line for lines in LINES.values() for line in lines])
def test_no_file_of_the_current_folder_is_imported(small: Path, here: Path, line: str) -> None:
    small.write_text(small.read_text().replace("units: 5", "units: 8"))
    (here / "study.yaml").write_text(STUDY)
    note = here / "imported"
    for module in MODULES:
        (here / f"{module}.py").write_text(f"open({str(note)!r}, 'a').write('{module} ')")
    for command in ([str(SCRIPT)], [sys.executable, "-m", "archc"]):
        done = subprocess.run([*command, *line.split()], capture_output=True, text=True)
        assert (done.returncode, note.exists()) == (0, False), done.stderr
        if line.startswith("train"):  # both ways start the same processes
            break
    if line.startswith("train"):
        shutil.copy(next((here / "run" / "pictures").rglob("*.jpg")), here / "picture.jpg")
        for name, options in OF_A_RUN.items():
            done = subprocess.run([str(SCRIPT), name, *options.split()], capture_output=True, text=True)
            assert (done.returncode, note.exists()) == (0, False), done.stderr


def test_every_command_is_tried() -> None:
    assert LINES.keys() | OF_A_RUN.keys() == EXAMPLES.keys()
