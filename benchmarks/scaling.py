"""Measures how the time of `archc check` grows with the number of layers: a chain, a residual DAG, a repeated block.

    .venv/bin/python benchmarks/scaling.py [LAYERS …]
    .venv/bin/python benchmarks/scaling.py plan [LAYERS …]     # of `archc plan`

Each size is a process of its own, as a user runs it. The figures are processor seconds: the command uses one core, and
they are valid on a busy machine too. Growth is the slope of log time over log size from the previous size, without the
start-up time: 1.0 is linear.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory

from hostile import measure

HEAD = "schema: archc/v1\nname: deep\ninput: {image: [8, 32, 32]}\nlayers:\n"
SIZES = (1000, 10_000, 100_000)


def chain(layers: int) -> str:
    """A chain in which convolutions and ReLUs alternate."""
    bodies = ("{op: conv2d, filters: 8, kernel: 3, padding: 1}", "{op: relu}")
    return HEAD + "".join(f"  l{i}: {bodies[i % 2]}\n" for i in range(layers))


def dag(layers: int) -> str:
    """A chain of residual blocks, each a convolution, a ReLU and the sum of both."""
    bodies = (
        "{{op: conv2d, filters: 8, kernel: 3, padding: 1}}",
        "{{op: relu}}",
        "{{op: add, from: [l{before}, l{before2}]}}",
    )
    return HEAD + "".join(f"  l{i}: {bodies[i % 3].format(before=i - 1, before2=i - 2)}\n" for i in range(layers))


def repeated(layers: int) -> str:
    """A residual block of seven layers, as in ResNet-18, repeated."""
    body = "{op: conv2d, filters: $filters, kernel: 3, padding: 1}", "{op: batch_norm, epsilon: 1e-5, momentum: 0.9}"
    names = ("conv1", body[0]), ("bn1", body[1]), ("relu1", "{op: relu}"), ("conv2", body[0]), ("bn2", body[1])
    names += (("sum", "{op: add, from: [bn2, input]}"), ("relu2", "{op: relu}"))
    block = "".join(f"      {name}: {layer}\n" for name, layer in names)
    blocks = f"blocks:\n  basic:\n    takes: [filters]\n    layers:\n{block}layers:\n"
    return HEAD.replace("layers:\n", blocks) + f"  stage: {{block: basic, repeat: {max(1, layers // 7)}, filters: 8}}\n"


def seconds(text: str, file: Path, command: str) -> float:
    """The processor seconds of a command on the text, which must pass."""
    file.write_text(text, encoding="utf-8")
    taken, _, code = measure(file, command)
    assert code == 0
    return taken


def main() -> None:
    command = "plan" if "plan" in sys.argv else "check"
    sizes = [int(size) for size in sys.argv[1:] if size != command] or SIZES
    shapes: dict[str, Callable[[int], str]] = {"chain": chain, "DAG": dag, "repeated block": repeated}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "deep.yaml"
        start_up = seconds(chain(1), file, command)
        print(f"one layer: {start_up:.2f} s")
        for name, spec in shapes.items():
            before: tuple[int, float] | None = None
            for size in sizes:
                work = seconds(spec(size), file, command) - start_up
                growth = f", growth {log(work / before[1]) / log(size / before[0]):.2f}" if before else ""
                print(
                    f"{name} of {size:,}: {work + start_up:.2f} s, {work / size * 1e6:.0f} µs per layer{growth}",
                    flush=True,
                )
                before = size, work


if __name__ == "__main__":
    main()
