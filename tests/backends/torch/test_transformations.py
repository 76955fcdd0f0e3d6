"""An emitted model compiled, exported, in bfloat16 and in channels last, each against itself as it is."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archc.analysis import Facts, analyse
from archc.graph import Graph

SPEC = b"""schema: archc/v1
name: net
input: {image: [3, 13, 13]}
defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv2d, filters: 8, kernel: 3, padding: {top: 0, bottom: 2, left: 1, right: 1}}
  bn1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  relu1: {op: relu}
  norm1: {op: lrn, size: 4, alpha: 0.5, beta: 0.75, k: 2, groups: 2}
  norm2: {op: lrn, size: 3, alpha: 0.5, beta: 0.75, k: 2, scope: spatial}
  pool1: {op: max_pool2d, kernel: 3, stride: 2, rounding: ceil}
  conv2: {op: conv2d, filters: 8, kernel: 3, groups: 2}
  side: {op: conv2d, from: pool1, filters: 8, kernel: 3}
  both: {op: concat, from: [conv2, side]}
  flat: {op: flatten}
  fc3: {op: dense, units: 5}
  prob: {op: softmax}
"""


@pytest.fixture
def model(build: Callable[[Facts, Graph], nn.Module]) -> Any:
    facts = analyse(SPEC, "net.yaml").facts
    assert facts is not None
    return build(facts, facts.graph)


def images(count: int) -> Tensor:
    return torch.randn(count, 3, 13, 13, generator=torch.Generator().manual_seed(count))


def trained(model: nn.Module, run: Callable[[Tensor], Tensor], x: Tensor) -> list[Tensor]:
    """The loss, then the gradient of every weight."""
    model.zero_grad()
    loss = nn.functional.cross_entropy(run(x).float(), torch.arange(len(x)) % 5)
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in model.parameters() if p.grad is not None)]


def test_compiled_whole_for_any_batch(model: Any) -> None:
    importlib.import_module("torch._dynamo")  # the parts that `compile` loads, before warnings are errors
    compiled = torch.compile(model, backend="aot_eager", fullgraph=True, dynamic=True)
    for count in (4, 6):
        torch.testing.assert_close(trained(model, compiled, images(count)), trained(model, model, images(count)))


@pytest.mark.parametrize("strict", [False, True])
def test_exported_for_any_batch(model: Any, strict: bool) -> None:
    model.eval()
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    exported = torch.export.export(model, (images(4),), dynamic_shapes=shapes, strict=strict).module()
    torch.testing.assert_close(exported(images(7)), model(images(7)))


def test_autocast_to_bfloat16(model: Any) -> None:
    def narrow(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(x)
        assert logits.dtype == torch.bfloat16
        return logits

    wide = trained(model, model, images(6))
    for found, expected in zip(trained(model, narrow, images(6)), wide, strict=True):
        assert found.dtype == torch.float32
        assert (found - expected).norm() <= 0.15 * expected.norm() + 1e-3  # a pool may pick another maximum


def test_channels_last(model: Any) -> None:
    plain = trained(model, model, images(6))
    model.to(memory_format=torch.channels_last)
    kept: list[bool] = []
    for name in ("conv1", "bn1", "norm1", "norm2", "pool1", "conv2"):
        model.get_submodule(name).register_forward_hook(
            lambda _, __, y: kept.append(y.is_contiguous(memory_format=torch.channels_last))
        )
    last = trained(model, model, images(6).contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(last, plain, rtol=1e-4, atol=1e-5)
    assert kept == [True] * 6
