"""Type checkers and formatters, with their defaults, accept everything that both backends emit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, Unsupported, load
from archc.emit.seal import seal
from archc.language.spec import Parallel, Strategy
from archc.passes.placement import Placement, place

ROOT = Path(__file__).parents[2]
FOLDERS = ("specs", "tests/specs/good", "tests/specs/blocks", "tests/backends/torch/specs", "tests/backends/keras")

STRATEGIES: tuple[Strategy, ...] = ("data", "columns", "hybrid")
LONGEST = "b" * 64
TITLE = "A title of " + "verylong" * 12 + ' words, "quotes", \\, # and https://example.com/' + "a" * 40
CHAIN = f"""schema: archc/v1
name: net
title: '{TITLE}'
input: {{evaluate: [3, 32, 32]}}
defaults: {{conv2d: {{weight_init: {{he_normal: {{}}}}}}, dense: {{weight_init: {{normal: {{std: 0.1}}}}}}}}
layers:
  {LONGEST[:-1]}a: {{op: conv2d, filters: 8, kernel: 3, groups: 1, padding: {{top: 1, bottom: 0, left: 2, right: 0}}}}
  {LONGEST[:-1]}c: {{op: batch_norm, epsilon: 1e-3, momentum: 0.99}}
  relu: {{op: relu}}
  pool: {{op: max_pool2d, kernel: 2, stride: 2, padding: {{top: 1, bottom: 0, left: 1, right: 0}}}}
  norm: {{op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2, groups: 2}}
  near: {{op: lrn, size: 3, alpha: 1e-4, beta: 0.75, k: 2, scope: spatial}}
  flat: {{op: flatten}}
  fc1: {{op: dense, units: 6, bias: false}}
  norm2: {{op: batch_norm, epsilon: 1e-5, momentum: 0.9}}
  drop: {{op: dropout, rate: 0.5}}
  fc2: {{op: dense, units: 4}}
  prob: {{op: softmax}}
"""
RECIPE = """train:
  batch: 8
  epochs: 9
  loss: cross_entropy
  label_smoothing: 0.1
  optimizer: {RULE}
  schedule: {RATES}
  clip: 0.5
  accumulate: 4
  test: center
"""
RULES = {
    "sgd": "sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4, bias_lr_factor: 2}",
    "sgd_pytorch": "sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4, rule: pytorch, bias_lr_factor: 2}",
    "sgd_keras": "sgd: {lr: 0.1, momentum: 0.9, weight_decay: 5e-4, rule: keras}",
    "sgd_own": "sgd: {lr: 0.1, momentum: 0, weight_decay: 5e-4, rule: keras, decay_biases: true}",
    "adam": "adam: {lr: 0.001}",
    "adamw": "adamw: {lr: 0.001, weight_decay: 0.05, bias_lr_factor: 0.333}",
}
RATES = {
    "sgd": "warmup: {steps: 500}, on_plateau: {factor: 0.1, times: 3}",
    "sgd_pytorch": "step: {factor: 0.1, every: 1}",
    "sgd_keras": "on_plateau: {factor: 0.1, times: 3}",
    "sgd_own": "cosine: {}",
    "adam": "step: {factor: 0.1, every: 1}",
    "adamw": "warmup: {epochs: 5}, cosine: {end_factor: 0.001}",
}
TRAINED = {
    name: CHAIN.replace("  prob: {op: softmax}\n", RECIPE.replace("RULE", rule).replace("RATES", RATES[name]))
    for name, rule in RULES.items()
}
RECURRENT = (
    "schema: archc/v1\nname: net\ninput: {x: [3, 8]}\nlayers:\n  a: {op: lstm, units: 4, gives: last}\n"
    "  b: {op: dense, units: 5}\ndefaults: {dense: {weight_init: {he_normal: {}}}}\n"
)
NETWORKS = {
    **TRAINED,
    "recurrent": RECURRENT + RECIPE.replace("RULE", RULES["adamw"]).replace("RATES", RATES["adamw"]),
    "chain": CHAIN,
    "graph": CHAIN + "  sum_: {op: add, from: [fc2, prob]}\noutputs: [sum_, prob]\n",
    "maps": CHAIN[: CHAIN.index("  flat")],
    "no_weights": "schema: archc/v1\nname: net\ninput: {image: [3, 4, 4]}\nlayers:\n  a: {op: relu}\n  b: {op: tanh}\n",
}


def networks() -> Iterator[tuple[str, bytes]]:
    for folder in FOLDERS:
        for spec in sorted((ROOT / folder).glob("*.yaml")):
            yield f"{Path(folder).name}_{spec.stem}", spec.read_bytes()
    for name, text in NETWORKS.items():
        yield name, text.encode()


def write(place: Path, backend: str, facts: Facts, data: bytes, placement: Placement | None = None) -> None:
    # Those that are written here have an optimizer, the others only if the spec has a recipe.
    recipe = facts.recipe if data.decode() in NETWORKS.values() else facts.own_recipe
    request = Request(facts.graph, facts.counts, recipe, Origin.of("spec.yaml", data), placement)
    try:
        source = load(backend).emit(request)
    except Unsupported:
        return
    place.write_text(seal(source.text), encoding="utf-8")


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emitted")
    for name, data in networks():
        facts = analyse(data, "spec.yaml").facts
        if facts is None:
            assert name not in NETWORKS, name
            continue
        for backend in ("torch", "keras"):
            write(folder / f"{backend}_{name}.py", backend, facts, data)
        for strategy in STRATEGIES:
            placement, findings = place(facts.graph, facts.counts, Parallel(devices=2, strategy=strategy), 8)
            if not findings:
                write(folder / f"{strategy}_{name}.py", "torch", facts, data, placement)
    kinds = {file.name.partition("_")[0] for file in folder.iterdir()}
    assert kinds == {"torch", "keras", *STRATEGIES}
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["pyright", "--pythonpath", sys.executable, "."],
        ["mypy", "--python-executable", sys.executable, "--cache-dir", ".mypy", "."],
        ["ruff", "check", "--isolated", "--no-cache", "."],
        ["ruff", "check", "--isolated", "--no-cache", "--select", "D205,D212,D300,D403,D415,W", "."],
        ["ruff", "format", "--isolated", "--no-cache", "--diff", "."],
        ["black", "--check", "--quiet", "--diff", "."],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_accepts_what_is_emitted(emitted: Path, command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=emitted, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_line_of_words_is_too_long(emitted: Path) -> None:
    """With names of the usual length; names of 64 characters can fill a line by themselves."""
    files = [file for file in emitted.iterdir() if not file.stem.endswith("long_names")]
    for width in (88, 120):
        command = ["ruff", "check", "--isolated", "--no-cache", "--select", "E", "--line-length", str(width)]
        done = subprocess.run([sys.executable, "-m", *command, *files], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
