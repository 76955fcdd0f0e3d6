"""Compares the peaks that archc predicts with what PyTorch allocates on a CPU, without the workspaces of its kernels.

.venv/bin/python benchmarks/memory.py              # AlexNet, torchvision's, an Inception module and an 18-layer ResNet
.venv/bin/python benchmarks/memory.py net.yaml     # your own specs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from allocations import as_on_a_gpu, held, peaks, run

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.passes.memory import memory

BATCH = 8
ROOT = Path(__file__).parents[1]

RESNET = """schema: archc/v1
name: resnet18
input: {image: [3, 224, 224]}
defaults:
  conv2d: {kernel: 3, padding: 1, bias: false, weight_init: {he_normal: {}}}
  batch_norm: {epsilon: 1e-5, momentum: 0.9}
  dense: {weight_init: {he_normal: {}}}
layers:
  conv1: {op: conv2d, filters: 64, kernel: 7, stride: 2, padding: 3}
  bn1: {op: batch_norm}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 3, stride: 2, padding: 1}
"""
BLOCK = """  b{n}_conv1: {{op: conv2d, filters: {filters}, stride: {stride}, from: {before}}}
  b{n}_bn1: {{op: batch_norm}}
  b{n}_relu1: {{op: relu}}
  b{n}_conv2: {{op: conv2d, filters: {filters}}}
  b{n}_bn2: {{op: batch_norm}}
"""
SHORTCUT = """  b{n}_down: {{op: conv2d, filters: {filters}, kernel: 1, padding: 0, stride: {stride}, from: {before}}}
  b{n}_down_bn: {{op: batch_norm}}
"""


def resnet() -> str:
    """An 18-layer ResNet, with a max pool instead of the average at its end."""
    spec, before = RESNET, "pool1"
    for n in range(8):
        filters, stride = 64 * 2 ** (n // 2), 2 if n in (2, 4, 6) else 1
        fields: dict[str, Any] = {"n": n, "filters": filters, "stride": stride, "before": before}
        spec += BLOCK.format(**fields) + (SHORTCUT.format(**fields) if stride > 1 else "")
        shortcut = f"b{n}_down_bn" if stride > 1 else before
        spec += f"  b{n}_sum: {{op: add, from: [b{n}_bn2, {shortcut}]}}\n  b{n}_relu2: {{op: relu}}\n"
        before = f"b{n}_relu2"
    end = "  pool2: {op: max_pool2d, kernel: 7, stride: 7}\n  flat: {op: flatten}\n"
    return f"{spec}{end}  fc: {{op: dense, units: 1000}}\n  prob: {{op: softmax}}\n"


def show(name: str, spec: bytes) -> None:
    facts = analyse(spec, name).facts
    assert facts is not None, f"{name} has errors: archc check"
    source = load("torch").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of(name, spec)))
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(source.text, scope)
    model = scope[source.class_name]()
    as_on_a_gpu(model)
    for training in (True, False):
        predicted = memory(facts.graph, batch=BATCH, training=training).peak
        (measured,) = peaks([run(facts.graph, model, BATCH, training=training)])
        measured += held(model, training=training)
        what = "training" if training else "inference"
        print(f"{name:24}{what:10} predicted {predicted:>13,}  measured {measured:>13,}  {measured / predicted:.4f}")


if __name__ == "__main__":
    files = [Path(argument) for argument in sys.argv[1:]]
    for file in files or [ROOT / "specs" / "alexnet.yaml", ROOT / "specs" / "alexnet_torchvision.yaml"]:
        show(file.name, file.read_bytes())
    if not files:
        show("inception.yaml", (ROOT / "tests" / "figure" / "specs" / "inception.yaml").read_bytes())
        show("resnet18", resnet().encode())
