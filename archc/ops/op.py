"""What an op is: one frozen class that holds its fields, shape rule, parameters, cost and meaning.

An op never sees source text. It raises ShapeError with the name of the field at fault, and whoever drives it knows
where that field stands.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel

from archc.ops.window import Window
from archc.tensor import Tensor

if TYPE_CHECKING:  # NumPy is imported by what computes, not by what checks
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


class ShapeError(Exception):
    """The inputs do not suit the op. `field` is at fault, or "op" where no single field is."""

    def __init__(
        self,
        field: str,
        code: str,
        message: str,
        *,
        notes: tuple[str, ...] = (),
        help: str | None = None,
        also: str | None = None,
    ) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message
        self.notes = notes
        self.help = help
        self.also = also


class Parameter(NamedTuple):
    """A tensor that a layer holds, in the canonical layout: (out, in / groups, height, width) or (out, in).

    `trained` is False for what is not learned by the gradient but follows the batches: running figures.
    """

    name: str
    shape: tuple[int, ...]
    fan_in: int
    trained: bool = True


class Numbers(NamedTuple):
    """How many a layer holds: `weights` and `biases`, which are trained, and `statistics`, which follow the batches."""

    weights: int
    biases: int
    statistics: int

    @property
    def trained(self) -> int:
        return self.weights + self.biases


class Reach(NamedTuple):
    """Which input maps an output map reads, what decides where a network can be split by maps.

    `groups` None: only the map at its own place. `groups` G: all maps of its own G-th part, or, with neighbours, only
    so many before and after it inside that part.
    """

    groups: int | None = None
    before: int = 0
    after: int = 0

    @property
    def has_neighbours(self) -> bool:
        return self.before + self.after > 0

    def maps(self, part: range, given: int, read: int) -> range:
        """Which of `read` input maps are read for `part` of the `given` output maps."""
        groups = self.groups or min(given, read)
        first, beyond = part.start * groups // given, -(-part.stop * groups // given)
        start, stop = first * read // groups, beyond * read // groups
        if self.has_neighbours:
            return range(max(start, part.start - self.before), min(stop, part.stop + self.after))
        return range(start, stop)


FLOAT32 = 4
INT64 = 8
"""Bytes of what is so wide in any precision."""


class Kept(NamedTuple):
    """What an op's backward pass needs of its forward pass, for one example: it stays in memory in between.

    `inputs` and `output` are the values themselves, which other layers may keep as well; `wide` inputs are float32,
    a copy where they are read in less; `copied`, so many values of its inputs in another form, in the precision that it
    computes in; `own`, further bytes: masks, indices, sums.
    """

    inputs: bool = False
    wide: bool = False
    output: bool = False
    copied: int = 0
    own: int = 0


class Scratch(NamedTuple):
    """Bytes an example for a moment of an op's forward and of its backward pass: beside what it reads, makes and keeps,
    and their gradients."""

    forward: int = 0
    backward: int = 0


class Footprint(NamedTuple):
    """What an output place sees in one direction: place i the input's from i stride - before to i stride + after."""

    stride: int = 1
    before: int = 0
    after: int = 0


POINT = Footprint()
"""Only the place at its own position."""


class Op(BaseModel, extra="forbid", frozen=True, strict=True, defer_build=True):
    """Base of all ops: fields are strict, closed and frozen.

    An op brings its shape rule in words, a small spec that fails because of it, and the same corrected.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    leading: ClassVar[tuple[str, ...]] = ()
    """The fields that are written first, in this order; the others follow as the class has them."""
    autocast: ClassVar[Literal["narrow", "wide"] | None] = None
    """Whether under mixed precision it computes in the narrow or in the wide one; None: in that of what it reads."""
    shape_rule: ClassVar[str]
    failing: ClassVar[str]
    corrected: ClassVar[str]
    op: str

    @abstractmethod
    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """The output's shape; raises ShapeError."""

    @abstractmethod
    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        """The output for examples (N, …), in NumPy float64: what the op means. `weights` are by parameters' names."""

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        """The tensors that the layer holds: weights, biases, and what is not trained, in this order."""
        return ()

    def numbers(self, inputs: tuple[Tensor, ...]) -> Numbers:
        """How many numbers those are."""
        weights = biases = statistics = 0
        for parameter in self.parameters(inputs):
            size = prod(parameter.shape)
            if not parameter.trained:
                statistics += size
            elif parameter.name == "bias":
                biases += size
            else:
                weights += size
        return Numbers(weights, biases, statistics)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Multiply-accumulates for one example, of convolutions and dense layers as is usual."""
        return 0

    @abstractmethod
    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """What `compute` takes for one example besides multiply-accumulates, by its formula as written: each addition,
        multiplication, division, comparison, power or exponential is one, and a window at the edge counts as whole."""

    @abstractmethod
    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """What stays in memory from its forward to its backward pass."""

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """What it takes for a moment, where it reads float32 or, `narrow`, less."""
        return Scratch()

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Whether its output is its input's own memory."""
        return False

    def window(self, inputs: tuple[Tensor, ...]) -> Window | None:
        """The window that slides over the maps, for ops that have one."""
        return None

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """What an output place sees of each input, vertically and horizontally: by default only its own position. None
        where any value may see all of them."""
        return POINT, POINT

    def summary(self) -> str:
        """What the table says of the op beside its name: a window, a rate."""
        return ""

    def reach(self) -> Reach:
        """Which input maps an output map reads: by default only its own."""
        return Reach()

    def split(self, devices: int) -> Self:
        """The op by which each of so many devices computes an equal part of its maps: by default the op itself."""
        return self

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps (or units) of each input that `part` of the output's maps is computed from."""
        reach = self.reach()
        return tuple(reach.maps(part, output.channels, x.channels) for x in inputs)


def require_maps(op: Op, x: Tensor) -> None:
    """Raise unless `x` has channels, height and width."""
    if not x.is_maps:
        raise ShapeError(
            "op",
            "ARC203",
            f"{{name}} is a {op.op} and reads maps of C × H × W, its input is a vector of {x}",
            help="move it before the flatten",
        )
