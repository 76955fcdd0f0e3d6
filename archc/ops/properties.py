"""What an op states about a layer: the tensors that it owns, what it reads, and the memory that it takes."""

from __future__ import annotations

from typing import Literal, NamedTuple

Loss = Literal["cross_entropy", "binary_cross_entropy", "mean_squared_error"]
"""The losses that training minimises."""

FLOAT32 = 4
INT64 = 8
"""Bytes of a value that is this wide in every precision."""


class Parameter(NamedTuple):
    """A tensor that a layer owns, in the canonical layout: (out, in / groups, height, width) or (out, in).

    `trained` is False for running statistics, which are updated from the batches and not by a gradient. `initial` is
    the constant that it starts with; None if that is not a constant of the op. `fan_in` is the number of inputs that an
    output is computed from, `fan_out` the number of outputs that an input contributes to (of a transposed convolution,
    the other way round); the latter is 0 for tensors that are not drawn at random.
    """

    name: str
    shape: tuple[int, ...]
    fan_in: int
    trained: bool = True
    initial: float | None = None
    fan_out: int = 0

    @property
    def is_bias(self) -> bool:
        """Whether it is added to values, and not multiplied with them: `bias`, `out.bias`, `recurrent_bias`."""
        return self.name.endswith("bias")


class Numbers(NamedTuple):
    """How many numbers a layer owns: `weights` and `biases` are trained, `statistics` are updated from the batches."""

    weights: int
    biases: int
    statistics: int

    @property
    def trained(self) -> int:
        return self.weights + self.biases


class Reach(NamedTuple):
    """Which input maps an output map is computed from; this decides where a network can be split by maps.

    With `groups` None, only the map at its own position. With `groups` G, all maps of its own G-th part, or, with
    neighbours, only `before` and `after` of them around its position, inside that part.
    """

    groups: int | None = None
    before: int = 0
    after: int = 0

    @property
    def has_neighbours(self) -> bool:
        return self.before + self.after > 0

    def maps(self, part: range, given: int, read: int) -> range:
        """Which of `read` input maps are needed for `part` of the `given` output maps."""
        if not part:
            return part
        groups = self.groups or min(given, read)
        first, beyond = part.start * groups // given, -(-part.stop * groups // given)
        start, stop = first * read // groups, beyond * read // groups
        if self.has_neighbours:
            return range(max(start, part.start - self.before), min(stop, part.stop + self.after))
        return range(start, stop)


class Kept(NamedTuple):
    """What an op keeps in memory from its forward pass for its backward pass, for one example.

    `inputs` and `output` are the values themselves, which other layers may keep as well. An input that is padded first
    is kept as the padded copy. With `wide`, inputs are kept in float32, as a copy where they arrive narrower; with
    `turned`, as a copy in another order. `own` are further bytes: masks, indices, sums. `once` are bytes for the whole
    batch, however large it is. `between` are further values in the precision of the output, and `common` such values
    for the whole batch. With `crosswise`, an input is kept only for the gradients of the others. Narrow copies of the
    weights are kept too, for the gradient of the inputs; with `weights`, also where no input has one.
    """

    inputs: bool = False
    wide: bool = False
    turned: bool = False
    output: bool = False
    own: int = 0
    once: int = 0
    common: int = 0
    between: int = 0
    crosswise: bool = False
    weights: bool = True


class Scratch(NamedTuple):
    """Bytes per example that the forward and the backward pass use briefly, besides inputs, output, kept values and
    gradients.

    `turned` is a copy of the output's gradient with the channels first, in the backward pass. It is made only where the
    gradient arrives in another order, as from a convolution. `after` is used in the backward pass when the output's
    gradient is not needed any more, and that of the input has been added to its other gradients. `unread` is a gradient
    of the input that the backward pass makes where nothing needs it.
    """

    forward: int = 0
    backward: int = 0
    turned: int = 0
    after: int = 0
    unread: int = 0


class Footprint(NamedTuple):
    """Which input positions an output position depends on along one axis: i stride - before to i stride + after."""

    stride: int = 1
    before: int = 0
    after: int = 0


POINT = Footprint()
"""Only the position itself."""
