"""Each loss and its gradient in float64, and a run on arrays on one rank and on two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from archc_torch.trainer import HITS, LOSSES
from losses import SHAPES, case

from archc.ops.properties import Loss
from archc.training.judging import judged

SPEC = """\
schema: archc/v1
name: net
input: {x: [3, 8]}
defaults: {dense: {weight_init: glorot_uniform}}
layers:
  a: {op: dense, units: 5}
  r: {op: relu}
  d: {op: dropout, rate: 0.1}
  b: {op: dense, units: 2}
  p: {op: sigmoid}
train:
  batch: 7
  epochs: 6
  loss: binary_cross_entropy
  optimizer: {sgd: {lr: 0.5, momentum: 0.9, weight_decay: 0}}
"""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("loss", get_args(Loss))
def test_values_and_gradients(loss: Loss, shape: tuple[int, ...]) -> None:
    expected = case(loss, shape)
    outputs = torch.from_numpy(expected.outputs).movedim(-1, 1).requires_grad_()
    targets = torch.from_numpy(expected.targets)
    targets = targets if loss == "cross_entropy" else targets.movedim(-1, 1)
    found = LOSSES[loss](outputs, targets)
    found.backward()
    score = judged(expected.outputs.astype(np.float32)[:, None], expected.targets, loss)
    assert HITS[loss](outputs.detach(), targets).sum() == score.top1
    assert found.item() == pytest.approx(expected.loss, rel=1e-12)
    assert outputs.grad is not None
    np.testing.assert_allclose(outputs.grad.movedim(1, -1).numpy(), expected.gradient, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("loss", get_args(Loss))
def test_the_score_has_the_same_loss(loss: Loss, shape: tuple[int, ...]) -> None:
    expected = case(loss, shape)
    score = judged(expected.outputs.astype(np.float32)[:, None], expected.targets, loss)
    assert score.loss == pytest.approx(expected.loss, rel=1e-6)
    assert score.count == expected.targets.size
    if loss == "cross_entropy":
        assert score.top1 == np.count_nonzero(expected.outputs.argmax(-1) == expected.targets)
    if loss == "binary_cross_entropy":
        assert score.top1 == np.count_nonzero((expected.outputs > 0) == (expected.targets > 0.5))


def test_two_ranks_train_on_arrays_as_one_does(tmp_path: Path) -> None:
    """With dropout, and a batch that does not divide evenly."""
    (tmp_path / "net.yaml").write_text(SPEC)
    data = tmp_path / "data"
    data.mkdir()
    for name, count in (("train", 32), ("val", 11)):
        x = np.random.default_rng(count).normal(size=(count, 3, 8))
        np.savez(data / f"{name}.npz", x=x, target=x[:, :2] > 0)
    results = []
    for gpus in (1, 2):
        run = tmp_path / f"run{gpus}"
        command = [sys.executable, "-m", "archc", "train", "net.yaml", "--data", "data", "--gpus", str(gpus)]
        done = subprocess.run([*command, "--run", str(run)], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "held-out accuracy" in done.stdout
        assert "32 training and 11 held-out examples\n" in done.stdout
        assert "4 of them sit out each epoch: they do not fill a batch" in done.stdout
        results.append(json.loads((run / "result.json").read_text()))
    one, two = (result["figures"] for result in results)
    assert (one["count"], one["top5"], one["chance"]) == (two["count"], two["top5"], two["chance"]) == (176, None, None)
    assert one["top1"] == two["top1"] > 150
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-4)
    assert two["last_loss"] == pytest.approx(one["last_loss"], rel=1e-4)
    assert one["last_loss"] < one["first_loss"] / 2
    assert results[0]["data"] == results[1]["data"]
