"""The conversions of the fields of PyTorch compute what PyTorch computes itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from fixed_layers import MAPS, fixed_op

from archc.ops.initialisation import Fans


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
