"""The normalisation snippets, forward against NumPy, gradients against finite differences."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from archc_torch.snippets.lrn import LRN
from archc_torch.snippets.spatial_lrn import SpatialLRN
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from archc.explain.concepts import concepts

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


def test_the_examples_on_the_page_of_normalisation() -> None:
    page = "\n".join(concepts()["normalisation"].parts)
    a, b = ([float(n) for n in line.split()] for line in re.findall(r"^    [ab]  +(\d.*)$", page, re.MULTILINE))
    y = LRN(3, alpha=1, beta=BETA, k=2)(torch.tensor(a, dtype=torch.float64).view(1, 5, 1, 1))
    assert y.flatten().numpy().round(4).tolist() == b
    rows = [[float(n) for n in line.split()] for line in re.findall(r"^    (\d \d \d .*)$", page, re.MULTILINE)]
    numbers = torch.tensor(rows, dtype=torch.float64)
    y = SpatialLRN(3, alpha=1, beta=BETA, k=1)(numbers[:, :3].view(1, 1, 3, 3))
    assert y.view(3, 3).numpy().round(4).tolist() == numbers[:, 6:].tolist()


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


class Launches(TorchDispatchMode):
    """Counts the kernels that a GPU would be given: one for each ATen operation that computes or fills values.

    Views and allocations launch nothing; padding fills its result and copies into it. The modules run on the device
    `meta`, which follows the code of a GPU without computing.
    """

    count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        if not func.is_view and not name.startswith(("empty", "promote_types")):
            self.count += 2 if name == "constant_pad_nd" else 1
        return func(*args, **(kwargs or {}))


def launches(norm: nn.Module) -> tuple[int, int]:
    """In the forward and in the backward pass."""
    x = torch.empty(2, 8, 5, 5, device="meta", requires_grad=True)
    with Launches() as forward:
        y = norm(x)
    upstream = torch.empty_like(y)
    with Launches() as backward:
        y.backward(upstream)
    return forward.count, backward.count


def test_no_more_kernels_than_pytorch_s_own() -> None:
    own = launches(LRN(5, alpha=ALPHA, beta=BETA, k=K, groups=2))
    theirs = launches(nn.LocalResponseNorm(5, alpha=ALPHA, beta=BETA, k=K))
    assert theirs == (8, 16)
    assert own <= theirs and own[1] <= theirs[1]


SPOILERS = (float("inf"), float("-inf"), float("nan"), 1e25, 3e38)


def reached(norm: nn.Module, x: Tensor, place: tuple[int, ...], spoiler: float) -> tuple[Tensor, Tensor]:
    """Where the value and the gradient change if one value of x is another."""

    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        x = x.clone().requires_grad_()
        y = norm(x)
        y.backward(torch.ones_like(y))
        assert x.grad is not None
        return y.detach(), x.grad

    spoiled = x.clone()
    spoiled[place] = spoiler
    return tuple(~torch.isclose(a, b, rtol=0, atol=0) for a, b in zip(both(x), both(spoiled), strict=True))  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize("form", ["eager", "definition"])
@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize(("size", "groups"), [(3, 1), (4, 2), (5, 2)])
def test_a_value_reaches_only_the_windows_that_contain_it(form: str, spoiler: float, size: int, groups: int) -> None:
    norm = LRN(size, alpha=ALPHA, beta=BETA, k=K, groups=groups)
    function: Callable[..., Any] = norm if form == "eager" else norm.definition
    x, place = values(2, 24, 3, 2).float(), 11
    y, gradient = reached(function, x, (1, place, 2, 1), spoiler)  # pyright: ignore[reportArgumentType]
    first = place - place % (24 // groups)
    group = range(first, first + 24 // groups)
    before, after = size // 2, (size - 1) // 2
    maps = {c for c in group if place in range(c - before, c + after + 1)}
    allowed = torch.zeros_like(y)
    allowed[1, sorted(maps), 2, 1] = True
    assert y[1, place, 2, 1] and not (y & ~allowed).any()
    # The gradient of a map depends on all windows that contain it.
    beyond = {c for c in group if any(c in range(m - before, m + after + 1) for m in maps)}
    allowed[1, sorted(beyond), 2, 1] = True
    assert not (gradient & ~allowed).any()


@pytest.mark.parametrize("spoiler", SPOILERS)
@pytest.mark.parametrize("size", [3, 4])
def test_a_value_reaches_only_the_places_around_it(spoiler: float, size: int) -> None:
    y, gradient = reached(SpatialLRN(size, ALPHA, BETA, K), values(2, 3, 15, 16).float(), (1, 2, 7, 8), spoiler)
    before, after = size // 2, (size - 1) // 2
    allowed = torch.zeros_like(y)
    allowed[1, 2, 7 - after : 8 + before, 8 - after : 9 + before] = True
    assert not (y & ~allowed).any()
    reach = before + after
    allowed[1, 2, 7 - reach : 8 + reach, 8 - reach : 9 + reach] = True
    assert not (gradient & ~allowed).any()
