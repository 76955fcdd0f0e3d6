"""Times `archc check specs/alexnet.yaml` as a whole process. The baselines are its minimal imports, and torchinfo.

    .venv/bin/python benchmarks/startup.py

The commands run in turn, A B C D A B C D …. The figures are processor time, user and system, which other processes
disturb less than wall time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
ROUNDS = 9

IMPORTS = "import pydantic, yaml"
# The minimum for a command line with one model of one field: pydantic imports most of itself only to build a model.
LEAST = """
import typer, yaml
from pydantic import BaseModel

class Model(BaseModel):
    field: int

Model.model_validate({"field": 1})
"""
TORCHINFO = "from alexnet import Alexnet; from torchinfo import summary; summary(Alexnet(), (1, 3, 227, 227))"


def seconds(command: list[str], folder: str) -> float:
    """The processor seconds of one run."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Without .pyc files, every run would compile every module again.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

if __name__ == "__main__":
    archc = [sys.executable, str(ROOT / "cli.py")]
    with TemporaryDirectory() as folder:
        spec = str(ROOT / "specs" / "alexnet.yaml")
        subprocess.run([*archc, "build", spec, "-o", "alexnet.py"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        commands = [[*archc, "check", spec], *([sys.executable, "-c", code] for code in (IMPORTS, LEAST, TORCHINFO))]
        rounds = [[seconds(command, folder) for command in commands] for _ in range(ROUNDS + 1)][1:]
    check, imports, _, torchinfo = (median(times) for times in zip(*rounds, strict=True))
    print(f"archc check {check:.3f} s, {IMPORTS} {imports:.3f} s, torchinfo {torchinfo:.2f} s of processor time")
    print(f"  {median(c / i for c, i, *_ in rounds):.2f}× the time of the imports")
    print(f"  (typer and a model of one field alone: {median(alone / i for _, i, alone, _ in rounds):.2f}×)")
    print(f"  {median(t / c for c, *_, t in rounds):.1f}× faster than torchinfo")
