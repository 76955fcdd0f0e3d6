"""The rule for changing weights, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from archc_torch.sgd import MomentumSgd
from torch import Tensor

from archc.spec import Sgd

SHAPES = {"conv1.weight": (4, 3, 2, 2), "conv1.bias": (4,), "fc2.weight": (5, 6), "fc2.bias": (5,)}
RATES = (0.1, 0.1, 0.01, 0.01, 0.5)


@pytest.mark.parametrize("decay_biases", [False, True])
def test_the_paper_s_rule_while_the_rate_changes(decay_biases: bool) -> None:
    rule = Sgd(lr=RATES[0], momentum=0.9, weight_decay=0.05, decay_biases=decay_biases)
    random = np.random.default_rng(0)
    expected = {name: random.standard_normal(shape) for name, shape in SHAPES.items()}
    velocities = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    weights = {name: _parameter(value) for name, value in expected.items()}
    sgd = MomentumSgd(weights.items(), rule)
    for lr in RATES:
        for name, weight in weights.items():
            gradient = random.standard_normal(SHAPES[name])
            decay = 0 if name.endswith("bias") and not decay_biases else rule.weight_decay
            velocities[name] = rule.momentum * velocities[name] - decay * lr * expected[name] - lr * gradient
            expected[name] = expected[name] + velocities[name]
            weight.grad = torch.from_numpy(gradient)
        sgd.step(lr)
        for name, weight in weights.items():
            np.testing.assert_allclose(weight.detach().numpy(), expected[name], rtol=1e-12, atol=1e-14)


def test_a_network_without_biases() -> None:
    weight = _parameter(np.ones((2, 2)))
    sgd = MomentumSgd([("fc.weight", weight)], Sgd(lr=0.5, momentum=0.0, weight_decay=0.0))
    weight.grad = torch.ones(2, 2, dtype=torch.float64)
    sgd.step(0.5)
    assert weight.tolist() == [[0.5, 0.5], [0.5, 0.5]]


def _parameter(value: np.ndarray) -> Tensor:
    """The weights of a convolution lie channels last, as in training."""
    copy = torch.from_numpy(value.copy())
    if copy.ndim == 4:
        copy = copy.to(memory_format=torch.channels_last)
    return copy.requires_grad_()
