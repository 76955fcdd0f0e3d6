"""What recurrent ops share: gates of an input and of a state that is carried from position to position."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.ops.fields import Count
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields
from archc.ops.initialisation import WeightInit, WeightInitField
from archc.ops.op import CHANNELS_READ, INFERRED, OtherNames, channels_of
from archc.ops.properties import Footprint, Kept, Parameter, Reach
from archc.ops.shape_error import require_sequence
from archc.ops.weighted import Weighted
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array

_SEQUENCES = "return_sequences"
_NO_STATE = "its state begins at zero for each example"


def _gives(values: Mapping[str, Any]) -> Converted | None:
    """Keras' `return_sequences`, which is false by default there."""
    value = values[_SEQUENCES]
    return Converted({_SEQUENCES: ("gives", "sequence" if value else "last")}) if value in (True, False) else None


class Recurrent(Weighted, frozen=True):
    """An op that goes through a sequence with a state of `units` values, forwards, or in both directions.

    A gate has rows in `input_weight`, which reads the position, and in `recurrent_weight`, which reads the state.
    """

    gates: ClassVar[int]
    """The number of gates, the new value of the state among them."""
    own_recurrent_bias: ClassVar[bool] = False
    """Whether what reads the state has a bias of its own."""
    step_ops: ClassVar[int]
    """Element operations of a unit at a position, besides biases and products."""
    carried: ClassVar[int]
    """Values of a unit at a position that cuDNN keeps for the backward pass, besides gates."""
    states: ClassVar[int]
    """Values of a unit that are carried from position to position."""

    leading = ("units", "gives")
    shape_rule = "(C, L) -> (units, L), or (units,) with `gives: last`; twice as many units if bidirectional"
    other_field_names: ClassVar[OtherNames] = {
        "units": ("hidden_size", "num_units", "n_units", "hidden_dim", "output_dim", "num_output", "size"),
        "recurrent_init": ("recurrent_initializer", "inner_init"),
        "bias": ("use_bias",),
    }
    loose_names = ("size", "recurrent_initializer", "inner_init")
    conversions = (Conversion((_SEQUENCES,), _gives),)
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys((*CHANNELS_READ, "input_size"), Needless(INFERRED, inferred=channels_of)),
        "num_layers": Needless("it is one layer", (1,), instead="write a layer for each of them"),
        "batch_first": Needless("the batch is the first axis in every backend", (True, False)),
        "time_major": Needless("the batch is the first axis in every backend", (True, False)),
        **dict.fromkeys(("dropout", "recurrent_dropout"), Needless("no value is dropped inside of it", (0, 0.0))),
        "proj_size": Needless("its state is its output", (0,)),
        "stateful": Needless(_NO_STATE, (False,)),
        "return_state": Needless("it gives only its output", (False,)),
        "go_backwards": Needless("it goes forwards, or both ways with `bidirectional`", (False,)),
        "unroll": Needless("it changes no value", (True, False)),
        "use_cudnn": Needless("it changes no value", ("auto", True, False)),
        "implementation": Needless("it changes no value", (1, 2)),
        "activation": Needless("the new value of its state is a tanh", ("tanh",)),
        **dict.fromkeys(("recurrent_activation", "inner_activation"), Needless("its gates are sigmoids", ("sigmoid",))),
    }
    sequence_order = "last"
    copies_turned = True
    splits = False
    kept_words = "its input and output, its gates and its state"
    units: Count = Field(description="Number of units: the size of the state, and the output's channels.")
    gives: Literal["sequence", "last"] = Field(
        description="Whether it gives the state at each position, or only the last one: of both directions, each at "
        "its own end."
    )
    bidirectional: bool = Field(
        default=False,
        description="Whether a second set of weights reads the sequence from its end; its units follow "
        "those of the first.",
    )
    recurrent_init: WeightInitField = Field(
        default=WeightInit("orthogonal", 1),
        description="Distribution that the weights of the state are drawn from at the start.",
    )

    @abstractmethod
    def advance(self, read: Array, state: tuple[Array, ...], weights: Mapping[str, Array]) -> tuple[Array, ...]:
        """The state after a position, of which `read` are the gates' products with the input; the output is first."""

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sequence(self, x)
        units = self.units * (2 if self.bidirectional else 1)
        return Tensor((units, x.length) if self.gives == "sequence" else (units,))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        ends: list[Array] = []
        for prefix in self._ways:
            own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
            states = self._states(x[:, :, ::-1] if prefix else x, own)
            ends.append(states[:, :, ::-1] if prefix and self.gives == "sequence" else states)
        both = np.concatenate(ends, axis=1)
        return both if self.gives == "sequence" else both[:, :, -1]

    def _states(self, x: Array, weights: Mapping[str, Array]) -> Array:
        """The outputs (N, units, L) of one direction."""
        import numpy as np

        state: tuple[Array, ...] = (np.zeros((len(x), self.units)),) * 2
        outputs: list[Array] = []
        for place in range(x.shape[2]):
            read = x[:, :, place] @ weights["input_weight"].T + weights.get("input_bias", 0)
            state = self.advance(read, state, weights)
            outputs.append(state[0])
        return np.stack(outputs, axis=2)

    @property
    def _ways(self) -> tuple[str, ...]:
        return ("", "reverse_") if self.bidirectional else ("",)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        rows, found = self.gates * self.units, list[Parameter]()
        for way in self._ways:
            for source, read in (("input", x.channels), ("recurrent", self.units)):
                found.append(Parameter(f"{way}{source}_weight", (rows, read), read, fan_out=rows))
            for source in ("input", "recurrent") if self.own_recurrent_bias else ("input",):
                found += [Parameter(f"{way}{source}_bias", (rows,), x.channels)] if self.bias else []
        return tuple(found)

    def init_of(self, parameter: Parameter) -> WeightInit:
        return self.recurrent_init if parameter.name.endswith("recurrent_weight") else self.weight_init

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per position and direction, the gates' products with the input and with the state."""
        (x,) = inputs
        return len(self._ways) * x.length * self.gates * self.units * (x.channels + self.units)

    def backward_macs(self, inputs: tuple[Tensor, ...], macs: int, *, learns: bool, reads_learned: bool) -> int:
        """The first state is zero, so it needs no gradient."""
        (x,) = inputs
        rows = len(self._ways) * self.gates * self.units
        return 2 * macs - rows * self.units - (0 if reads_learned else rows * x.length * x.channels)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per unit, position and direction: the sums of the gates, the biases, and what the gates do to the state."""
        (x,) = inputs
        biases = self.gates * (2 if self.own_recurrent_bias else 1) if self.bias else 0
        return len(self._ways) * x.length * self.units * (self.gates + biases + self.step_ops)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """What cuDNN keeps: gates and states of each position, the first state, and 256 bytes."""
        (x,) = inputs
        units = len(self._ways) * self.units
        outputs = 0 if self.gives == "sequence" else x.length
        values = units * (x.length * (self.gates + self.carried) + outputs + self.states)
        return Kept(inputs=True, output=self.gives == "sequence", between=values, once=256)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """A state depends on all positions before it."""
        return None

    def reach(self) -> Reach:
        return Reach(groups=1)

    def reads_words(self, x: Tensor) -> str:
        return f"each unit reads all {x.channels} channels and all units of the state"

    def summary(self) -> str:
        return f"{'both ways, ' if self.bidirectional else ''}{self.gives}"


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), by a function that does not overflow."""
    import numpy as np

    return (1 + np.tanh(x / 2)) / 2
