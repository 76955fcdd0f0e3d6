"""The normalisation snippets, forward against NumPy, gradients against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from archc_torch.snippets.lrn import LRN
from archc_torch.snippets.spatial_lrn import SpatialLRN
from torch import Tensor, nn

ALPHA, BETA, K = 0.7, 0.75, 2.0
SIZES = (1, 2, 3, 4, 5, 9)

sizes_and_groups = pytest.mark.parametrize(("size", "groups"), [(size, groups) for size in SIZES for groups in (1, 2)])


def values(*shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(0).standard_normal(shape)) * 2


def over_maps(x: np.ndarray, size: int, groups: int) -> np.ndarray:
    """(N, C, H, W): map by map; the window of an even size reaches one further down than up."""
    count = x.shape[1]
    part = count // groups
    y = np.empty_like(x)
    for place in range(count):
        first, last = place - place % part, place - place % part + part
        window = x[:, max(first, place - size // 2) : min(last, place + (size - 1) // 2 + 1)]
        y[:, place] = x[:, place] / (K + ALPHA / size * (window**2).sum(1)) ** BETA
    return y


@sizes_and_groups
def test_maps_against_numpy(size: int, groups: int) -> None:
    x = values(2, 8, 3, 2)
    y = LRN(size, alpha=ALPHA, beta=BETA, k=K, groups=groups)(x)
    np.testing.assert_allclose(y.numpy(), over_maps(x.numpy(), size, groups), rtol=1e-12)


@sizes_and_groups
def test_gradients_over_maps(size: int, groups: int) -> None:
    norm = LRN(size, alpha=ALPHA, beta=BETA, k=K, groups=groups)
    assert torch.autograd.gradcheck(norm, values(2, 6, 2, 1).requires_grad_())


@pytest.mark.parametrize("size", SIZES)
def test_one_group_is_pytorch_s_own(size: int) -> None:
    x = values(2, 8, 3, 2)
    y = LRN(size, alpha=ALPHA, beta=BETA, k=K)(x)
    torch.testing.assert_close(y, nn.functional.local_response_norm(x, size, ALPHA, BETA, K))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_channels_last_in_each_precision(dtype: torch.dtype) -> None:
    norm = LRN(5, alpha=ALPHA, beta=BETA, k=K, groups=2)
    wide = values(2, 8, 3, 2)
    x = wide.to(dtype, memory_format=torch.channels_last).requires_grad_()
    y = norm(x)
    y.backward(torch.ones_like(y))
    assert x.grad is not None
    assert y.dtype == x.grad.dtype == dtype
    assert y.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(y.double(), norm(wide), rtol=0, atol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("size", SIZES)
def test_within_a_map_against_numpy(size: int) -> None:
    x = values(2, 3, 4, 5)
    y = SpatialLRN(size, alpha=ALPHA, beta=BETA, k=K)(x)
    squares = np.pad(x.numpy() ** 2, [(0, 0), (0, 0), *[(size // 2, (size - 1) // 2)] * 2])
    windows = np.lib.stride_tricks.sliding_window_view(squares, (size, size), axis=(2, 3))
    expected = x.numpy() / (K + ALPHA / size**2 * windows.sum((-2, -1))) ** BETA
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12)


def test_gradients_within_a_map() -> None:
    assert torch.autograd.gradcheck(SpatialLRN(3, ALPHA, BETA, K), values(1, 2, 3, 3).requires_grad_())
