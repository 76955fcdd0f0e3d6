"""Optimizers, smoothing, clipping and accumulation by each strategy: two ranks train as one does, as planned."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.language.spec import Parallel, Strategy
from archc.passes.collectives import collectives, traffic
from archc.passes.placement import place
from archc.passes.training_step import TrainingStep
from archc.training.job import Job

SPEC = """schema: archc/v1
name: net
input: {image: [4, 6, 6]}
defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv: {op: conv2d, filters: 8, kernel: 3}
  norm: {op: batch_norm, epsilon: 1e-3, momentum: 0.9}
  relu: {op: relu}
  flat: {op: flatten}
  fc1: {op: dense, units: 6}
  tanh: {op: tanh}
  drop: {op: dropout, rate: 0.2}
  fc2: {op: dense, units: 4}
train:
  batch: 7
  epochs: 3
  loss: cross_entropy
  label_smoothing: 0.1
  optimizer: {RULE}
  clip: 0.05
  accumulate: 2
"""
RULES = {
    "adamw": "adamw: {lr: 0.05, weight_decay: 0.1, bias_lr_factor: 2}",
    "pytorch": "sgd: {lr: 0.05, momentum: 0.9, weight_decay: 0.1, rule: pytorch, bias_lr_factor: 2}",
    "keras": "sgd: {lr: 0.05, momentum: 0.9, weight_decay: 0.1, rule: keras, bias_lr_factor: 2}",
}
STRATEGIES: tuple[Strategy, ...] = ("data", "columns", "hybrid")
Found = dict[str, dict[str, Any]]


def facts_of(rule: str) -> Facts:
    facts = analyse(SPEC.replace("RULE", RULES[rule]).encode(), "net.yaml").facts
    assert facts is not None
    return facts


@pytest.fixture(scope="module", params=RULES)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder, facts = tmp_path_factory.mktemp("ranks"), facts_of(request.param)
    for name in ("whole", *STRATEGIES):
        parallel = Parallel(devices=2, strategy=name) if name != "whole" else None
        placement = place(facts.graph, facts.counts, parallel, 7)[0] if parallel else None
        made = load("torch").emit(
            Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", b""), placement)
        )
        (folder / f"{name}.py").write_text(made.text)
        layouts = placement.layouts if placement else {}
        job = {
            "name": "net", "run": folder, "source": f"{name}.py", "model": "Net", "devices": 2 if placement else 1,
            "inputs": {"image": {"shape": (4, 6, 6)}}, "output": (4,), "seed": 0, "precision": "float32",
            "pictures": folder, "built_in": False, "form": "arrays", "recipe": facts.recipe.model_dump(mode="json"),
            "reads": "own" if layouts.get("image", "batch") == "batch" else "all",
            "targets": "own" if layouts.get("fc2", "batch") == "batch" else "all",
        }  # fmt: skip
        (folder / f"{name}.json").write_text(Job.model_validate(job).model_dump_json())
    script = Path(__file__).with_name("rules_on_ranks.py")
    done = subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "FOUND.json").read_text())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_ranks_train_as_one_process_does(found: Found, strategy: str) -> None:
    whole, own = found["whole"], found[strategy]
    assert own["losses"] == pytest.approx(whole["losses"], rel=1e-10)
    assert whole["losses"][-1] != whole["losses"][0]
    for name, values in whole["weights"].items():
        assert own["weights"][name] == pytest.approx(values, rel=1e-8, abs=1e-10), name


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_two_ranks_find_the_gradients_of_one_process_before_they_are_clipped(found: Found, strategy: str) -> None:
    for own, whole in zip(found[strategy]["squares"], found["whole"]["squares"], strict=True):
        assert own == pytest.approx(whole, rel=1e-8, abs=1e-18)
        assert list(own) == list(whole)
        assert sum(whole.values()) > 0.05**2, "else nothing is clipped"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_step_exchanges_what_is_planned(found: Found, strategy: Strategy) -> None:
    """In float64, values have 8 bytes; float32 is planned for gradients of weights and statistics."""
    facts = facts_of("adamw")
    placement = place(facts.graph, facts.counts, Parallel(devices=2, strategy=strategy), 7)[0]
    step, measured = TrainingStep.of(facts.recipe), found[strategy]["exchanged"]
    assert measured["collectives"] == collectives(facts.graph, placement, step).all
    planned = traffic(facts.graph, placement, batch=7, width=4, step=step)
    for own, each in zip(measured["received"], planned, strict=True):
        wide = (2 * each.forward, 2 * each.backward, 2 * each.outputs)
        assert (own["forward"], own["backward"], own["outputs"]) == pytest.approx(wide, abs=8)
