"""Whether the default recipe learns, whatever the network: its first loss, and what it predicts after 100 steps.

    .venv/bin/python benchmarks/default_recipe.py                       # the networks that take seconds, in PyTorch
    .venv/bin/python benchmarks/default_recipe.py --backend keras vgg11 alexnet

Each network is trained by `archc train` without a `train:` in its spec, with seed 0: on the built-in pictures, or a
network of a sequence on waves of four shapes with noise. A network passes if its first loss is within 1.5 times that of
guessing, ln(outputs), and if its held-out top-1 is above three times chance; of four classes, above twice.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

SPECS = Path(__file__).parents[1] / "specs"
POOL = "{op: max_pool2d, kernel: 2, stride: 2}"
STEPS = 100


def _spec(image: Sequence[int], *layers: str, name: str = "image") -> str:
    numbered = "".join(f"  l{number}: {layer}\n" for number, layer in enumerate(layers))
    return f"schema: archc/v1\nname: measured\ninput: {{{name}: {[*image]}}}\nlayers:\n{numbered}"


def _conv(filters: int) -> tuple[str, str]:
    return f"{{op: conv2d, filters: {filters}, kernel: 3, padding: 1}}", "{op: relu}"


def _dense(*units: int, drop: float = 0) -> list[str]:
    *hidden, last = units
    dropped = [f"{{op: dropout, rate: {drop}}}"] if drop else []
    inner = [layer for n in hidden for layer in (f"{{op: dense, units: {n}}}", "{op: relu}", *dropped)]
    return ["{op: flatten}", *inner, f"{{op: dense, units: {last}}}"]


def _vgg11(side: int) -> str:
    """Configuration A of Simonyan and Zisserman (arXiv 1409.1556), for other pictures than those of 224 pixels."""
    maps = [layer for filters in (64, 128) for layer in (*_conv(filters), POOL)]
    maps += [layer for filters in (256, 512, 512) for layer in (*_conv(filters), *_conv(filters), POOL)]
    return _spec([3, side, side], *maps, *_dense(4096, 4096, 1000, drop=0.5))


def _shipped(name: str, **changes: str) -> str:
    """A shipped spec without its recipe, with other texts in place of some."""
    text = re.sub(r"\ntrain:\n(?:(?:  .*)?\n)*", "\n", (SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def _smaller(name: str, side: int) -> str:
    """A shipped spec for pictures of another size, without the shapes and totals that it expects."""
    text = re.sub(r", expect: \[[0-9, ]*\]|(?m:^expect: .*\n)", "", _shipped(name))
    return re.sub(r"\[3, [0-9]+, [0-9]+\]", f"[3, {side}, {side}]", text, count=1)


def _sequence() -> str:
    conv = "{{op: conv1d, filters: {}, kernel: 5, padding: 2}}"
    pooled = [
        each for n in (16, 32) for each in (conv.format(n), "{op: relu}", "{op: max_pool1d, kernel: 4, stride: 4}")
    ]
    return _spec([1, 128], *pooled, *_dense(4), name="wave")


NETWORKS = {
    "cnn": lambda: _spec(
        [3, 32, 32], *_conv(16), POOL, *_conv(32), POOL, *_conv(64), "{op: global_avg_pool}", *_dense(8)
    ),
    "mlp": lambda: _spec([3, 32, 32], *_dense(256, 256, 10)),
    "deep_mlp": lambda: _spec([1, 32, 32], *_dense(*[256] * 8, 10)),
    "lenet5": lambda: _shipped("lenet5"),
    "sequence": _sequence,
    "resnet18": lambda: _smaller("resnet18", 64),
    "vgg11": lambda: _vgg11(32),
    "vgg11_224": lambda: _vgg11(224),
    "alexnet": lambda: _shipped("alexnet"),
    "alexnet_torchvision": lambda: _shipped("alexnet_torchvision"),
}
QUICK = ("cnn", "mlp", "deep_mlp", "lenet5", "sequence")


def waves(count: int, seed: int) -> dict[str, NDArray[np.generic]]:
    """Sines, squares, triangles and sawtooths (n, 1, 128) of any phase, with noise."""
    random = np.random.default_rng(seed)
    target = np.arange(count) % 4
    turns = (np.arange(128) * random.uniform(1 / 40, 1 / 16, (count, 1)) + random.uniform(size=(count, 1))) % 1
    shapes = np.stack([np.sin(2 * np.pi * turns), np.sign(turns - 0.5), 4 * abs(turns - 0.5) - 1, 2 * turns - 1])
    wave = shapes[target, np.arange(count)] + 0.1 * random.standard_normal((count, 128))
    return {"wave": wave[:, None].astype(np.float32), "target": target}


def measured(name: str, backend: str, batch: int, folder: Path) -> tuple[float, float, float, float]:
    """The first loss of a run, the loss of guessing, the held-out top-1 and that of guessing."""
    spec, run = folder / f"{name}.yaml", folder / f"{name}_{backend}"
    spec.write_text(NETWORKS[name](), encoding="utf-8")
    options = ["--steps", str(STEPS), "--batch", str(batch), "--backend", backend, "--run", str(run), "--quiet"]
    if name == "sequence":
        for split, count in (("train", 768), ("val", 192)):
            (folder / "waves").mkdir(exist_ok=True)
            np.savez(folder / "waves" / f"{split}.npz", **waves(count, len(split)))  # pyright: ignore[reportArgumentType]
        options += ["--data", str(folder / "waves")]
    ran = subprocess.run([sys.executable, "-m", "archc", "train", str(spec), *options, "--gpus", "1"], check=False)
    if ran.returncode:
        raise SystemExit(f"{name} with {backend}: exit code {ran.returncode}")
    result = json.loads((run / "receipt.json").read_text(encoding="utf-8"))["result"]
    outputs = json.loads((run / "job.json").read_text(encoding="utf-8"))["output"]
    return result["first_loss"], math.log(outputs[0]), result["top1"] / result["count"], result["chance"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; default: {' '.join(QUICK)}")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--batch", type=int, default=128)
    asked = parser.parse_args()
    failed: list[str] = []
    columns = (
        "network",
        "backend",
        "batch",
        "first loss",
        "ln(outputs)",
        "ratio",
        f"top-1 after {STEPS} steps",
        "chance",
    )
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    with TemporaryDirectory() as folder:
        for name in asked.networks or QUICK:
            first, guess, top1, chance = measured(name, asked.backend, asked.batch, Path(folder))
            ratio = first / guess
            if not 1 / 1.5 <= ratio <= 1.5 or top1 <= min(3, 0.5 / chance) * chance:
                failed.append(name)
            figures = f"{first:.2f} | {guess:.2f} | {ratio:.2f} | {top1:.1%} | {chance:.1%}"
            print(f"| {name} | {asked.backend} | {asked.batch} | {figures} |", flush=True)
    if failed:
        raise SystemExit(f"the default recipe does not train {', '.join(failed)}")


if __name__ == "__main__":
    main()
