"""Gated recurrent unit (Cho et al., arXiv 1406.1078), in the form that cuDNN, PyTorch and Keras compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import SEQUENCE_HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.recurrent import Recurrent, sigmoid

if TYPE_CHECKING:
    from archc.ops.op import Array


class Gru(Recurrent, frozen=True):
    """A GRU over a sequence: (C, L) -> (units, L), or the last state (units,).

    r = sigmoid(W_r x + b_r + U_r h + d_r), z the same with its own weights; n = tanh(W_n x + b_n + r (U_n h + d_n));
    h' = z h + (1 - z) n. The reset gate r multiplies U h + d, as in PyTorch and with Keras' `reset_after`, so both
    biases, b and d, are learned.
    """

    failing = SEQUENCE_HEAD + "  gru1: {op: gru, units: 4, weight_init: glorot_uniform}\n"
    corrected = SEQUENCE_HEAD + "  gru1: {op: gru, units: 4, gives: last, weight_init: glorot_uniform}\n"
    spoken = "GRU"
    other_names = ("gated_recurrent_unit", "CuDNNGRU")
    needless: ClassVar[NeedlessFields] = {
        "reset_after": Needless("its reset gate multiplies after the product with the state", (True,)),
        "linear_before_reset": Needless("its reset gate multiplies after the product with the state", (1,)),
    }
    gates = 3
    own_recurrent_bias = True
    step_ops = 8
    carried = 3
    states = 1
    element_ops_words = (
        "17 per unit and position: the sums and two biases of 3 gates, and 8 for the gates and the state"
    )
    op: Literal["gru"]

    def advance(self, read: Array, state: tuple[Array, ...], weights: Mapping[str, Array]) -> tuple[Array, ...]:
        import numpy as np

        h = state[0]
        reads_h = h @ weights["recurrent_weight"].T + weights.get("recurrent_bias", 0)
        (r, z, n), (r_of_h, z_of_h, n_of_h) = (np.split(each, 3, axis=1) for each in (read, reads_h))
        r, z = sigmoid(r + r_of_h), sigmoid(z + z_of_h)
        n = np.tanh(n + r * n_of_h)
        return (z * h + (1 - z) * n,)
