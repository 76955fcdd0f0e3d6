"""`archc train` on several machines: two of them, each with folders of its own, that meet over the loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import sample

import numpy as np
import psutil
import pytest
from PIL import Image
from processes import all_end, descendants, until

SPEC = """\
schema: archc/v1
name: small
input: {image: [3, 16, 16]}
layers:
  conv1: {op: conv2d, filters: 8, kernel: 4, stride: 2, weight_init: {normal: {std: 0.1}}}
  relu1: {op: relu}
  drop1: {op: dropout, rate: 0.5}
  flat: {op: flatten}
  fc: {op: dense, units: 4, weight_init: {normal: {std: 0.01}}}
train:
  batch: 8
  epochs: 2
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.0001, momentum: 0.9, weight_decay: 0.0005}}
  data: {resize: 18, crop: 16, mirror: true, color_pca: 0.1, mean: pixel}
  test: ten_crop
"""


@dataclass(frozen=True)
class Machine:
    """A folder with the spec and the data, as a machine has them."""

    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def temporary(self) -> Path:
        """Its folder for temporary files, whose path is too long for that of a socket."""
        return self.folder / ("temporary" * 8)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """A process there, which has temporary files of its own."""
        kept = {name: value for name, value in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
        own = {"TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=kept | own | environment, stdout=pipe, stderr=pipe, text=True
        )

    def rank(self, number: int, port: int, *options: str, spec: str = "small.yaml") -> subprocess.Popen[str]:
        """A rank of two, as another launcher than torchrun starts it."""
        command = [sys.executable, "-m", "archc", "train", spec, *options]
        place = {"RANK": str(number), "WORLD_SIZE": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
        return self.start(*command, **place, MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))

    @property
    def is_clean(self) -> bool:
        """Whether no run has left anything."""
        return not self.run.exists() and not self.has_leftovers

    @property
    def has_leftovers(self) -> bool:
        return any("archc" in entry.name for entry in (self.temporary).iterdir())

    def status(self) -> tuple[str, int]:
        receipt = json.loads((self.run / "receipt.json").read_bytes())
        return receipt["status"], receipt["exit_code"]


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Machine, Machine]:
    random = np.random.default_rng(0)
    pictures = {
        f"{split}/{kind}/{index}.png": Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8))
        for split, count in (("train", 10), ("val", 3))
        for kind in ("cat", "dog")
        for index in range(count)
    }
    made = (Machine(tmp_path / "node0"), Machine(tmp_path / "node1"))
    for machine in made:
        (machine.temporary).mkdir(parents=True)
        (machine.folder / "small.yaml").write_text(SPEC)
        for name, picture in pictures.items():
            place = machine.folder / "data" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            picture.save(place)
    return made


@pytest.fixture
def port() -> int:
    # Not one that the system gives away: other tests open connections at the same time.
    for number in sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", number)):
            return number
    raise AssertionError("no port is free")


def torchrun(*options: str) -> list[str]:
    return [sys.executable, "-m", "torch.distributed.run", *options, "-m", "--", "archc", "train", "small.yaml"]


def ended(*processes: subprocess.Popen[str]) -> list[tuple[int, str, str]]:
    """The exit code and the output of each process."""
    outputs = [process.communicate(timeout=300) for process in processes]
    return [(process.returncode, *output) for process, output in zip(processes, outputs, strict=True)]


def has_steps(machine: Machine) -> bool:
    metrics = machine.run / "metrics.jsonl"
    return metrics.exists() and '"event": "step"' in metrics.read_text()


def test_two_machines_train_as_one(machines: tuple[Machine, Machine], port: int, tmp_path: Path) -> None:
    meeting = ("--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{port}", "--local-addr", "127.0.0.1")
    command = [*torchrun("--nnodes", "2", "--nproc-per-node", "1", *meeting), "--data", "data", "--run", "run"]
    found = ended(*(machine.start(*command) for machine in machines))
    assert [code for code, _, _ in found] == [0, 0], found
    # c10d may give rank 0 to either.
    (first,) = (index for index, machine in enumerate(machines) if machine.run.exists())
    one, other = machines[first], machines[1 - first]
    assert "NO GPU FOUND: training in 2 CPU processes over gloo on 2 machines\n" in found[first][1]
    assert found[1 - first][1] == ""
    assert other.is_clean and not one.has_leftovers
    assert one.status() == ("complete", 0)
    alone = other.start(
        sys.executable, "-m", "archc", "train", "small.yaml", "--gpus", "2", "--data", "data", "--run", "run"
    )
    ((code, *said),) = ended(alone)
    assert code == 0, said
    for name in ("weights.safetensors", "small.py"):
        assert (one.run / name).read_bytes() == (other.run / name).read_bytes()
    result, expected = (json.loads((machine.run / "receipt.json").read_bytes()) for machine in (one, other))
    for name in ("result", "recipe", "devices", "strategy"):
        assert result[name] == expected[name]
    assert result["step"]["received"] == expected["step"]["received"]


def test_a_killed_rank_ends_all(machines: tuple[Machine, Machine], port: int) -> None:
    options = ("--data", "data", "--parallel", "columns", "--run", "run", "--steps", "1000000")
    first, second = (machine.rank(number, port, *options) for number, machine in enumerate(machines))
    assert until(lambda: has_steps(machines[0]) or first.poll() is not None)
    there = [*descendants(first.pid), *descendants(second.pid)]
    (trainer,) = psutil.Process(second.pid).children()
    trainer.kill()
    (code, _, err), (other_code, other_out, other_err) = ended(first, second)
    assert (code, err.splitlines()[0]) == (3, "error: rank 1 has ended without a message")
    assert len(err.splitlines()) == 2
    assert (other_code, other_out) == (3, "")
    assert other_err.startswith("error: the training process was ended by SIGKILL")
    assert all_end(there)
    assert machines[0].status() == ("failed", 3)
    assert machines[1].is_clean


def test_data_that_differ(machines: tuple[Machine, Machine], port: int) -> None:
    (machines[1].folder / "data" / "train" / "cat" / "3.png").unlink()
    options = ("--data", "data", "--run", "run")
    first, second = ended(*(machine.rank(number, port, *options) for number, machine in enumerate(machines)))
    line, help = first[2].splitlines()
    assert line.startswith("error: the data of rank 1 differ from those of rank 0: 25 files of ")
    assert help == "  copy the same folder to all machines"
    assert (first[0], second) == (1, (1, "", ""))
    assert all(machine.is_clean for machine in machines)


def test_a_rank_that_cannot_start_ends_all(machines: tuple[Machine, Machine], port: int) -> None:
    options = ("--data", "data", "--run", "run")
    waiting = machines[0].rank(0, port, *options)
    failing = machines[1].rank(1, port, *options, spec="missing.yaml")
    first, second = ended(waiting, failing)
    assert (first[0], first[2].splitlines()) == (2, ["error: rank 1: file not found: missing.yaml"])
    assert (second[0], second[1]) == (2, "")
    assert second[2].startswith("error: file not found: missing.yaml\n")
    assert all(machine.is_clean for machine in machines)


def test_another_number_of_devices(machines: tuple[Machine, Machine]) -> None:
    alone = ("--standalone", "--nproc-per-node", "2")
    ((_, out, err),) = ended(machines[0].start(*torchrun(*alone), "--gpus", "4", "--run", "run"))
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith(("error:", "interrupted"))]
    assert lines == ["error: torchrun has started 2 processes, and `--gpus 4` asks for 4 devices"]
    assert "exitcode  : 2 " in err
    assert machines[0].is_clean


def test_a_signal_to_torchrun_ends_all(machines: tuple[Machine, Machine]) -> None:
    command = [
        *torchrun("--standalone", "--nproc-per-node", "2"),
        "--data",
        "data",
        "--run",
        "run",
        "--steps",
        "1000000",
    ]
    process = machines[0].start(*command)
    assert until(lambda: has_steps(machines[0]) or process.poll() is not None)
    there = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    ((_, _, err),) = ended(process)
    assert err.count("interrupted") == 1 and "error:" not in err
    assert len(there) == 4 and all_end(there)
    assert machines[0].status() == ("interrupted", 143)
    assert not machines[0].has_leftovers
