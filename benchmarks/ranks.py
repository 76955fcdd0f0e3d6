"""Times training on two ranks, which share two cores, against one process, and `archc train` against a plain script.

    .venv/bin/python benchmarks/ranks.py [steps] [runs] [large_runs]

`steps`: training steps of the emitted files on random pictures, of two ranks with a thread each against one process
with two threads. `runs`: `archc train` against `benchmarks/plain_ranks.py` under torchrun, on the same file and
pictures: the pictures a second after the first step, and the time from the command to the end of the first step.
`runs` trains a thin network, whose step takes as long as a few pictures, `large_runs` AlexNet. Without arguments, the
first two are run. Ratios are medians over rounds A B A B …. They are valid only on two free cores: on busy
ones, the threads of one process wait for each other. So the load is printed.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plain_ranks import source
from ratio import in_turn, ratio

ROOT = Path(__file__).parents[1]
ALEXNET = ROOT / "specs" / "alexnet.yaml"
CLI = [sys.executable, str(ROOT / "cli.py")]
STRATEGIES = ("data", "columns")
BATCHES = (128, 32)
ROUNDS = 5
STEPS_OF_RUN, BATCH_OF_RUN, RESIZE = 24, 32, 70


def thin() -> str:
    """AlexNet with half the maps, a quarter of the units, and smaller pictures."""
    text = ALEXNET.read_text(encoding="utf-8").replace("[3, 227, 227]", f"[3, {RESIZE - 3}, {RESIZE - 3}]")
    text = text.replace("resize: 256, crop: 227", f"resize: {RESIZE}, crop: {RESIZE - 3}")
    for wide, narrow in (("96", "48"), ("256", "128"), ("384", "192"), ("4096", "1024")):
        text = text.replace(f"filters: {wide},", f"filters: {narrow},").replace(f"units: {wide}", f"units: {narrow}")
    kept = [line.partition(", expect")[0] + "}" if ", expect" in line else line for line in text.splitlines()]
    return as_plain("\n".join(line for line in kept if not line.startswith("expect:")) + "\n")


def as_plain(text: str) -> str:
    """A spec whose recipe is that of the plain script, which has no noise of colours and no ten views."""
    return text.replace("color_pca: 0.1, ", "").replace("test: ten_crop", "test: center")


def built(spec: Path, folder: Path, strategy: str | None = None) -> Path:
    """The file that `archc build` writes."""
    file = folder / f"{spec.stem}_{strategy}.py"
    parallel = ["--parallel", strategy] if strategy else []
    subprocess.run([*CLI, "build", str(spec), *parallel, "-o", str(file)], stdout=subprocess.DEVNULL, check=True)
    return file


class Trained:
    """One process that trains an emitted file, or several ranks; they take a step when they are told to."""

    def __init__(self, file: Path, image: int, batch: int, *, ranks: int, divides: bool, folder: Path) -> None:
        meeting = f"file://{folder}/{file.stem}-{batch}"
        context = get_context("spawn")
        self._own: list[Connection] = []
        self._processes: list[Any] = []
        for rank in range(ranks):
            own, other = context.Pipe()
            examples = batch // ranks if divides else batch
            process = context.Process(target=_train, args=(file, image, examples, rank, ranks, meeting, other))
            process.start()
            self._own.append(own)
            self._processes.append(process)

    def step(self) -> None:
        for own in self._own:
            own.send(True)
        for own in self._own:
            own.recv()

    def end(self) -> None:
        for own, process in zip(self._own, self._processes, strict=True):
            own.send(False)
            process.join()


def _train(file: Path, image: int, examples: int, rank: int, ranks: int, meeting: str, told: Connection) -> None:
    import torch
    import torch.distributed as dist
    from archc_torch.memory import keep_memory

    keep_memory()
    torch.set_num_threads(2 // ranks)
    module = source(file)
    if ranks > 1:
        os.environ["GLOO_SOCKET_IFNAME"] = "lo"
        dist.init_process_group("gloo", meeting, rank=rank, world_size=ranks)
        model = module.build(0)
    else:
        torch.manual_seed(0)
        model = module.Alexnet()
    model = model.to(memory_format=torch.channels_last)
    parallel = module.over_ranks(model) if hasattr(module, "over_ranks") else model
    optimizer = module.sgd(model)
    images = torch.randn(examples, image, image, 3).movedim(-1, 1)
    labels = torch.randint(1000, (examples,))
    while told.recv():
        torch.nn.functional.cross_entropy(parallel(images), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
        told.send(True)
    if ranks > 1:
        dist.destroy_process_group()


def compare_steps(name: str, spec: Path, image: int, folder: Path, rounds: int) -> None:
    """Print how fast two ranks are, as a ratio to one process."""
    whole = built(spec, folder)
    parts = {strategy: built(spec, folder, strategy) for strategy in STRATEGIES}
    for batch in BATCHES:
        print(f"{name}, a step of {batch}, load {_load()}:", flush=True)
        trained = {"one process": Trained(whole, image, batch, ranks=1, divides=False, folder=folder)}
        for strategy, file in parts.items():
            trained[strategy] = Trained(file, image, batch, ranks=2, divides=strategy == "data", folder=folder)
        seconds = in_turn({each: processes.step for each, processes in trained.items()}, rounds)
        for strategy in STRATEGIES:
            ratio(seconds, "one process", strategy)
        for processes in trained.values():
            processes.end()


def first_step(command: list[str], rate: Callable[[str], float]) -> tuple[float, float]:
    """Run a command; the seconds to the line of its first step, and the pictures a second that it comes to."""
    began = time.monotonic()
    environment = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}  # torchrun itself gives a rank one thread
    first, lines = 0.0, ""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if line.startswith("step 1/"):
                first = time.monotonic() - began
            lines += line
    assert run.returncode == 0, lines
    return first, rate(lines)


def compare_runs(spec: Path, resize: int, folder: Path, rounds: int) -> None:
    """Print the ratios of `archc train` and of the plain script."""
    runs = iter(range(1000))
    pictures = folder / f"pictures of {resize}"

    def train(strategy: str, *options: str) -> tuple[float, float]:
        run = folder / f"run{next(runs)} of {resize}"
        options = ("--gpus", "2", "--parallel", strategy, "--run", str(run), "--batch", str(BATCH_OF_RUN), *options)
        return first_step([*CLI, "train", str(spec), *options], lambda _: _rate(_recorded(run / "metrics.jsonl")))

    def plain(file: Path, strategy: str) -> tuple[float, float]:
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
        script = [str(Path(__file__).with_name("plain_ranks.py")), strategy, str(file), str(pictures)]
        sizes = map(str, (BATCH_OF_RUN, STEPS_OF_RUN, resize))
        return first_step([*torchrun, *script, *sizes], lambda lines: _rate(_printed(lines)))

    train("data", "--steps", "2")  # draws archc's own pictures, on which the others train
    (folder / f"run0 of {resize}" / "pictures").rename(pictures)
    ours = ("--data", str(pictures), "--steps", str(STEPS_OF_RUN))
    for strategy in STRATEGIES:
        file = built(spec, folder, strategy)
        print(
            f"`archc train --parallel {strategy}`, {STEPS_OF_RUN} steps of {BATCH_OF_RUN}, load {_load()}:", flush=True
        )
        found = [
            {"archc train": train(strategy, *ours), "plain script": plain(file, strategy)} for _ in range(rounds + 1)
        ][1:]
        first = {name: [each[name][0] for each in found] for name in found[0]}
        step = {name: [BATCH_OF_RUN / each[name][1] for each in found] for name in found[0]}
        print("to the end of the first step:")
        ratio(first, "archc train", "plain script")
        print("a step after that:")
        ratio(step, "plain script", "archc train")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _rate(ends: list[float]) -> float:
    """Pictures a second, given the time at which each step ended."""
    return (len(ends) - 1) * BATCH_OF_RUN / (ends[-1] - ends[0])


def _recorded(metrics: Path) -> list[float]:
    events = map(json.loads, metrics.read_text(encoding="utf-8").splitlines())
    return [event["seconds"] for event in events if event["event"] == "step"]


def _printed(lines: str) -> list[float]:
    return [float(line.split()[2]) for line in lines.splitlines() if line.startswith("step ")]


def main() -> None:
    asked = sys.argv[1:] or ["steps", "runs"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        small = folder / "thin.yaml"
        small.write_text(thin(), encoding="utf-8")
        if "steps" in asked:
            compare_steps("AlexNet, thin", small, RESIZE - 3, folder, ROUNDS * 2)
            compare_steps("AlexNet", ALEXNET, 227, folder, ROUNDS)
        if "runs" in asked:
            compare_runs(small, RESIZE, folder, ROUNDS)
        if "large_runs" in asked:
            large = folder / "large.yaml"
            large.write_text(as_plain(ALEXNET.read_text(encoding="utf-8")), encoding="utf-8")
            compare_runs(large, 256, folder, 3)


if __name__ == "__main__":
    main()
