"""The conversions of the fields of PyTorch compute what PyTorch computes itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from fixed_layers import MAPS, fixed_op
from torchvision.models.convnext import LayerNorm2d  # pyright: ignore[reportMissingTypeStubs]

from archc.ops.initialisation import Fans
from archc.tensor import Tensor


@pytest.mark.parametrize(("size", "alpha", "beta", "k"), [(5, 2e-2, 0.75, 1.0), (3, 1.0, 0.5, 2.0), (4, 0.3, 1, 0.5)])
def test_lrn_of_pytorch(size: int, alpha: float, beta: float, k: float) -> None:
    body = f"{{op: nn.LocalResponseNorm, size: {size}, alpha: {alpha}, beta: {beta}, k: {k}}}"
    theirs = torch.nn.LocalResponseNorm(size, alpha, beta, k)(torch.tensor(MAPS)).numpy()
    np.testing.assert_allclose(fixed_op(body).compute((MAPS,), {}), theirs, rtol=1e-12)


def test_momentum_of_pytorch() -> None:
    """A running mean that starts at 0 is (1 - momentum) mean after a step, in archc's sense of the word."""
    norm = torch.nn.BatchNorm2d(16, momentum=0.1).double()
    norm(torch.tensor(MAPS))
    assert norm.running_mean is not None
    momentum = vars(fixed_op("{op: BatchNorm2d, eps: 1e-5, momentum: 0.1}"))["momentum"]
    np.testing.assert_allclose(norm.running_mean.numpy(), (1 - momentum) * MAPS.mean((0, 2, 3)), rtol=1e-12)


def test_he_normal_is_kaiming_normal() -> None:
    op = fixed_op("{op: conv2d, filters: 512, kernel: 3, weight_init: kaiming_normal}")
    weight = torch.nn.init.kaiming_normal_(torch.empty(512, 16, 3, 3), generator=torch.Generator().manual_seed(0))
    std = vars(op)["weight_init"].distribution(Fans(16 * 9, 512 * 9)).number
    assert weight.std().item() == pytest.approx(std, rel=0.01)


def over_maps(norm: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """A normalisation over the last axis, with the maps there."""
    return norm(x.movedim(1, -1)).movedim(-1, 1)


@pytest.mark.parametrize(
    ("written", "theirs"),
    [
        ("nn.LayerNorm, normalized_shape: 16", partial(over_maps, torch.nn.LayerNorm(16))),
        ("nn.LayerNorm, normalized_shape: [16, 3, 5], eps: 1e-3", torch.nn.LayerNorm([16, 3, 5], eps=1e-3)),
        ("LayerNorm2d, normalized_shape: [16], eps: 1e-6", LayerNorm2d([16], eps=1e-6)),
        ("GroupNorm, num_groups: 4, num_channels: 16", torch.nn.GroupNorm(4, 16)),
        ("InstanceNorm2d, num_features: 16", torch.nn.InstanceNorm2d(16)),
        ("RMSNorm, normalized_shape: 16, eps: 0.5", partial(over_maps, torch.nn.RMSNorm(16, eps=0.5))),
        ("BatchNorm2d, affine: false, eps: 1e-3", torch.nn.BatchNorm2d(16, affine=False, eps=1e-3).eval()),
    ],
)
def test_normalisations_of_pytorch(written: str, theirs: Callable[[torch.Tensor], torch.Tensor]) -> None:
    op = fixed_op(f"{{op: {written}}}")
    starts = {"weight": np.ones, "bias": np.zeros, "mean": np.zeros, "variance": np.ones}
    learned = {p.name: starts[p.name](p.shape) for p in op.parameters((Tensor((16, 3, 5)),))}
    expected = theirs(torch.tensor(MAPS, dtype=torch.float32)).detach().numpy()
    np.testing.assert_allclose(op.compute((MAPS,), learned), expected, rtol=1e-4, atol=1e-6)
