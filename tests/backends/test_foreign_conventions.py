"""The conversions of other frameworks' fields compute what those frameworks compute: the oracle is each of them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
import torch

from archc.analysis import analyse
from archc.fixing import fix
from archc.ops.op import Op

HEAD = "schema: archc/v1\nname: a\ninput: {image: [16, 3, 5]}\nlayers:\n  a: "
MAPS = np.random.default_rng(1).normal(size=(2, 16, 3, 5)) * 3


def fixed_op(body: str) -> Op:
    """The op of a layer after its fixes, all of whose findings must be gone."""
    facts = analyse(fix(f"{HEAD}{body}\n".encode(), "a.yaml").data, "a.yaml").facts
    assert facts is not None
    return facts.graph.node("a").op


@pytest.mark.parametrize(
    ("radius", "bias", "alpha", "beta"), [(2, 1.0, 2e-2, 0.75), (5, 2.0, 1.0, 0.5), (1, 0.5, 0.3, 1)]
)
def test_lrn_of_tensorflow(radius: int, bias: float, alpha: float, beta: float) -> None:
    body = f"{{op: local_response_normalization, depth_radius: {radius}, bias: {bias}, alpha: {alpha}, beta: {beta}}}"
    channels_last = tf.constant(MAPS.transpose(0, 2, 3, 1), tf.float32)
    theirs = tf.nn.local_response_normalization(channels_last, radius, bias, alpha, beta).numpy().transpose(0, 3, 1, 2)
    np.testing.assert_allclose(fixed_op(body).compute((MAPS,), {}), theirs, rtol=1e-5)


@pytest.mark.parametrize(("size", "alpha", "beta", "k"), [(5, 2e-2, 0.75, 1.0), (3, 1.0, 0.5, 2.0), (4, 0.3, 1, 0.5)])
def test_lrn_of_pytorch(size: int, alpha: float, beta: float, k: float) -> None:
    body = f"{{op: nn.LocalResponseNorm, size: {size}, alpha: {alpha}, beta: {beta}, k: {k}}}"
    theirs = torch.nn.LocalResponseNorm(size, alpha, beta, k)(torch.tensor(MAPS)).numpy()
    np.testing.assert_allclose(fixed_op(body).compute((MAPS,), {}), theirs, rtol=1e-12)


def test_momentum_of_pytorch_and_of_keras() -> None:
    """A running mean that starts at 0 is (1 - momentum) mean after a step, in archc's sense of the word."""
    mean = MAPS.mean((0, 2, 3))
    norm = torch.nn.BatchNorm2d(16, momentum=0.1).double()
    norm(torch.tensor(MAPS))
    assert norm.running_mean is not None
    momentum = vars(fixed_op("{op: BatchNorm2d, eps: 1e-5, momentum: 0.1}"))["momentum"]
    np.testing.assert_allclose(norm.running_mean.numpy(), (1 - momentum) * mean, rtol=1e-12)

    layer = tf.keras.layers.BatchNormalization(momentum=0.9)
    layer(tf.constant(MAPS.transpose(0, 2, 3, 1), tf.float32), training=True)
    momentum = vars(fixed_op("{op: BatchNormalization, epsilon: 1e-3, momentum: 0.9}"))["momentum"]
    np.testing.assert_allclose(layer.moving_mean.numpy(), (1 - momentum) * mean, rtol=1e-4, atol=1e-6)


def test_dropout_of_tensorflow_1() -> None:
    kept = tf.compat.v1.nn.dropout(tf.ones([10_000]), keep_prob=0.8, seed=1).numpy()
    rate = vars(fixed_op("{op: dropout, keep_prob: 0.8}"))["rate"]
    assert abs((kept == 0).mean() - rate) < 0.02


def test_he_normal_is_kaiming_normal() -> None:
    op = fixed_op("{op: conv2d, filters: 512, kernel: 3, weight_init: kaiming_normal}")
    weight = torch.nn.init.kaiming_normal_(torch.empty(512, 16, 3, 3), generator=torch.Generator().manual_seed(0))
    assert weight.std().item() == pytest.approx(vars(op)["weight_init"].std(16 * 9), rel=0.01)
