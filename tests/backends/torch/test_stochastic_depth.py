"""Stochastic depth in training: by example, as torchvision's from the same draws, and nothing in inference."""

from __future__ import annotations

import pytest
import torch
from archc_torch.snippets.normalize import Normalize
from archc_torch.snippets.stochastic_depth import StochasticDepth
from torchvision.ops import StochasticDepth as TorchvisionStochasticDepth


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("shape", [(3,), (3, 5), (3, 5, 4)])
def test_as_torchvision_s(rate: float, shape: tuple[int, ...]) -> None:
    ours, theirs = StochasticDepth(rate), TorchvisionStochasticDepth(rate, "row")
    x = torch.randn(50, *shape, requires_grad=True)
    torch.manual_seed(0)
    found = ours(x)
    torch.manual_seed(0)
    expected = theirs(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    upstream = torch.randn_like(found)
    (mine,) = torch.autograd.grad((found * upstream).sum(), x)
    (other,) = torch.autograd.grad((expected * upstream).sum(), x)
    torch.testing.assert_close(mine, other, rtol=0, atol=0)
    ours.eval()
    assert ours(x) is x


def test_constants_follow_the_model_and_are_not_saved() -> None:
    module = Normalize(mean=[0.1, 0.2], std=[0.5, 0.25])
    assert module.state_dict() == {}
    x = torch.randn(3, 2, 4, 5, dtype=torch.float64)
    expected = torch.stack([(x[:, 0] - 0.1) / 0.5, (x[:, 1] - 0.2) / 0.25], 1)
    torch.testing.assert_close(module.double()(x), expected, rtol=1e-15, atol=1e-15)
    assert module(x.bfloat16()).dtype == torch.bfloat16
