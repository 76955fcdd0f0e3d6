"""docs/cluster.md: its files are whole, and torchrun and `archc train` accept the commands in them."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from torch.distributed.run import parse_args

from archc.commands.train import train

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


(SBATCH,) = fenced("bash")
FILES: list[dict[str, Any]] = [yaml.safe_load(text) for text in fenced("yaml")]
TRAIN_JOB, TASK = FILES

VALUES = {
    "SLURM_JOB_NUM_NODES": "2",
    "SLURM_JOB_ID": "7",
    "SLURM_CPUS_PER_TASK": "32",
    "SLURM_JOB_NODELIST": "node[0-1]",
    "SKYPILOT_NUM_NODES": "2",
    "SKYPILOT_NUM_GPUS_PER_NODE": "4",
    "SKYPILOT_NODE_RANK": "1",
    "SKYPILOT_NODE_IPS": "10.0.0.1\n10.0.0.2",
}

STAND_INS = """
scontrol() { printf 'node0\\nnode1\\n'; }
srun() { shift; "$@"; }
torchrun() { printf '%s\\0' "$@"; }
"""
"""bash expands a script with these in place of a cluster's commands; the last one shows what it is started with."""


def expanded(script: str) -> list[str]:
    """The arguments of torchrun in a script."""
    shown = subprocess.run(
        ["bash", "-euc", STAND_INS + script], env=VALUES | {"PATH": "/usr/bin:/bin"}, capture_output=True
    )
    assert (shown.returncode, shown.stderr) == (0, b"")
    return shown.stdout.decode().split("\0")[:-1]


def first_command() -> list[str]:
    (text,) = re.findall(r"^    (torchrun .*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    return shlex.split(text.replace("\\\n", ""))[1:]


COMMANDS = {
    "torchrun": first_command(),
    "Slurm": expanded(SBATCH),
    "Kubeflow": TRAIN_JOB["spec"]["trainer"]["args"],
    "SkyPilot": expanded(TASK["run"]),
}


@pytest.mark.parametrize("place", COMMANDS)
def test_the_commands_are_accepted(place: str) -> None:
    started = parse_args(COMMANDS[place])
    assert (started.module, started.training_script, started.training_script_args[0]) == (True, "archc", "train")
    application = typer.Typer()
    application.command()(train)
    command = typer.main.get_command(application)
    options = command.make_context("train", started.training_script_args[1:]).params
    assert (ROOT / "specs" / Path(options["spec"]).name).exists()
    assert options["gpus"] is None
    if place != "torchrun":
        assert (options["parallel"], options["batch"]) == ("data", 512)


def test_torchrun_is_told_the_nodes() -> None:
    slurm, sky = (parse_args(COMMANDS[place]) for place in ("Slurm", "SkyPilot"))
    assert (slurm.nnodes, slurm.nproc_per_node, slurm.rdzv_endpoint) == ("2", "4", "node0:29500")
    assert (sky.nnodes, sky.nproc_per_node, sky.node_rank, sky.master_addr) == ("2", "4", 1, "10.0.0.1")


def test_each_file_starts_as_many_processes_as_it_has_gpus() -> None:
    assert "#SBATCH --gpus-per-node=4" in SBATCH and "--nproc-per-node 4" in SBATCH
    trainer: dict[str, Any] = TRAIN_JOB["spec"]["trainer"]
    assert (TRAIN_JOB["apiVersion"], TRAIN_JOB["kind"]) == ("trainer.kubeflow.org/v1alpha1", "TrainJob")
    assert trainer["command"] == ["torchrun"]
    assert str(trainer["numProcPerNode"]) == trainer["resourcesPerNode"]["limits"]["nvidia.com/gpu"] == "4"
    assert (TASK["num_nodes"], TASK["resources"]["accelerators"]) == (2, "H100:4")
