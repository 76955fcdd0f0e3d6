"""What an op is: one frozen class that holds its fields, shape rule, parameters, cost and meaning.

An op never sees source text. It raises ShapeError with the name of the field at fault, and whoever drives it knows
where that field stands.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from archc.graph import Tensor
from archc.ops.window import Window

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


@dataclass(frozen=True)
class Parameter:
    """A tensor that a layer holds, in the canonical layout: (out, in / groups, height, width) or (out, in).

    `trained` is False for what is not learned by the gradient but follows the batches: running figures.
    """

    name: str
    shape: tuple[int, ...]
    fan_in: int
    trained: bool = True


@dataclass(frozen=True)
class Reach:
    """Which input maps an output map reads, what decides where a network can be split by maps.

    `groups` None: only the map at its own place. `groups` G: all maps of its own G-th part, or, with `neighbours`, only
    so many to each side inside that part.
    """

    groups: int | None = None
    neighbours: int = 0


class Op(BaseModel, extra="forbid", frozen=True, strict=True, defer_build=True):
    """Base of all ops: fields are strict, closed and frozen.

    An op brings its shape rule in words, a small spec that fails because of it, and the same corrected.
    """

    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    leading: ClassVar[tuple[str, ...]] = ()
    """The fields that are written first, in this order; the others follow as the class has them."""
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

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Multiply-accumulates for one example, of convolutions and dense layers as is usual."""
        return 0

    @abstractmethod
    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """What `compute` takes for one example besides multiply-accumulates, by its formula as written: each addition,
        multiplication, division, comparison, power or exponential is one, and a window at the edge counts as whole."""

    def window(self, inputs: tuple[Tensor, ...]) -> Window | None:
        """The window that slides over the maps, for ops that have one."""
        return None

    def summary(self) -> str:
        """What the table says of the op beside its name: a window, a rate."""
        return ""

    def reach(self) -> Reach:
        """Which input maps an output map reads: by default only its own."""
        return Reach()


def require_maps(op: Op, x: Tensor) -> None:
    """Raise unless `x` has channels, height and width."""
    if not x.is_maps:
        raise ShapeError(
            "op",
            "ARC203",
            f"{{name}} is a {op.op} and reads maps of C × H × W, its input is a vector of {x}",
            help="move it before the flatten",
        )
