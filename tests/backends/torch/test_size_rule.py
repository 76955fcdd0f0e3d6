"""The size rule and the meaning of a pool against PyTorch's own, which rounds up in the same way."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from archc.ops import ops
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

KINDS = {
    "max": ("max_pool2d", {}, {}),
    "mean of all": ("avg_pool2d", {"count_padding": True}, {"count_include_pad": True}),
    "mean of the map": ("avg_pool2d", {"count_padding": False}, {"count_include_pad": False}),
}
"""The op, its fields, and PyTorch's."""


def torchs(x: Any, function: str, kernel: int, stride: int, padding: int, **fields: bool) -> Any:
    """The pooled maps, or None where PyTorch refuses."""
    try:
        return getattr(torch.nn.functional, function)(x, kernel, stride, padding, **fields).numpy()
    except RuntimeError as error:
        assert "Output size is too small" in str(error)
        return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rounding", ["floor", "ceil"])
def test_a_pool_has_the_positions_and_values_that_pytorch_gives_it(rounding: str, kind: str) -> None:
    name, own, of_torch = KINDS[kind]
    refused = larger = 0
    for n, kernel, stride in product(range(1, 8), range(1, 11), range(1, 6)):
        x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 2, n, n)))
        for padding in range(kernel // 2 + 1):
            expected = torchs(x, name, kernel, stride, padding, ceil_mode=rounding == "ceil", **of_torch)
            fields = {"kernel": kernel, "stride": stride, "padding": padding, "rounding": rounding, **own}
            op = ops()[name].model_validate({"op": name, **fields})
            try:
                found = op.infer((Tensor((2, n, n)),))
            except ShapeError:
                found = None
            refused += found is None
            larger += found is not None and kernel > n + 2 * padding
            assert (found is None) == (expected is None), (n, fields)
            if found is not None:
                assert found.shape == expected.shape[1:], (n, fields)
                np.testing.assert_allclose(op.compute((x.numpy(),), {}), expected, rtol=1e-12)
    assert refused
    assert (larger > 0) == (rounding == "ceil")
