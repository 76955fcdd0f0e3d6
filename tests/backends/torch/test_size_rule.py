"""The size rule and the meaning of a pool against PyTorch's own, which rounds up in the same way."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from archc.ops.max_pool2d import MaxPool2d
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor


def torchs(x: Any, kernel: int, stride: int, padding: int, *, ceil: bool) -> Any:
    """The pooled maps, or None where PyTorch refuses."""
    try:
        return torch.nn.functional.max_pool2d(x, kernel, stride, padding, ceil_mode=ceil).numpy()
    except RuntimeError as error:
        assert "Output size is too small" in str(error)
        return None


@pytest.mark.parametrize("rounding", ["floor", "ceil"])
def test_a_pool_has_the_positions_and_values_that_pytorch_gives_it(rounding: str) -> None:
    refused = larger = 0
    for n, kernel, stride in product(range(1, 8), range(1, 11), range(1, 6)):
        x = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 2, n, n)))
        for padding in range(kernel // 2 + 1):
            expected = torchs(x, kernel, stride, padding, ceil=rounding == "ceil")
            fields = {"kernel": kernel, "stride": stride, "padding": padding, "rounding": rounding}
            op = MaxPool2d.model_validate({"op": "max_pool2d", **fields})
            try:
                found = op.infer((Tensor((2, n, n)),))
            except ShapeError:
                found = None
            refused += found is None
            larger += found is not None and kernel > n + 2 * padding
            assert (found is None) == (expected is None), (n, fields)
            if found is not None:
                assert found.shape == expected.shape[1:], (n, fields)
                np.testing.assert_array_equal(op.compute((x.numpy(),), {}), expected)
    assert refused
    assert (larger > 0) == (rounding == "ceil")
