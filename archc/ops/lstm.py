"""Long short-term memory (Hochreiter and Schmidhuber, 1997), with a forget gate (Gers et al., 2000)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.fields import Real
from archc.ops.properties import Parameter
from archc.ops.recurrent import Recurrent, sigmoid

if TYPE_CHECKING:
    from archc.ops.op import Array


class Lstm(Recurrent, frozen=True):
    """An LSTM over a sequence: (C, L) -> (units, L), or the last state (units,).

    i, f, g, o = W x + U h + b; c' = sigmoid(f) c + sigmoid(i) tanh(g); h' = sigmoid(o) tanh(c'). Each gate has one
    bias, as in Keras; PyTorch's own LSTM adds two, which compute nothing more.
    """

    failing = SEQUENCE_HEAD + "  lstm1: {op: lstm, units: 4, weight_init: glorot_uniform}\n"
    corrected = SEQUENCE_HEAD + "  lstm1: {op: lstm, units: 4, gives: last, weight_init: glorot_uniform}\n"
    spoken = "LSTM"
    other_names = ("long_short_term_memory", "CuDNNLSTM", "BasicLSTM")
    gates = 4
    step_ops = 9
    carried = 1
    states = 2
    element_ops_words = "17 per unit and position: the sums and biases of 4 gates, and 9 for the gates and the state"
    op: Literal["lstm"]
    forget_bias: Real = Field(
        default=1,
        description="Initial value of the forget gate's biases; 1 lets the state last at first (Jozefowicz et al., "
        "2015).",
    )

    def advance(self, read: Array, state: tuple[Array, ...], weights: Mapping[str, Array]) -> tuple[Array, ...]:
        import numpy as np

        h, c = state
        i, f, g, o = np.split(read + h @ weights["recurrent_weight"].T, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    def bias_start(self, bias: Parameter) -> Sequence[float] | float:
        """The second gate is the forget gate."""
        own, forget = [self.bias_init] * self.units, [self.forget_bias] * self.units
        return [*own, *forget, *own, *own]
