"""Local response normalisation, between maps or within a map (Krizhevsky et al. 2012, section 3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import isclose
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Count, NotNegative, Positive
from archc.ops.foreign import Conversion, Converted, OtherValues, Unlikely, UsualValues, exact, spelled, whole
from archc.ops.op import Op, OtherNames
from archc.ops.properties import FLOAT32, POINT, Footprint, Kept, Reach, Scratch
from archc.ops.shape_error import require_maps
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_USUAL = (1e-4, 1e-3)
"""The alpha of the paper, and the one of its source within maps; both are divided by the window."""
_EXPONENTS = (0.5, 0.75, 1)
"""The beta of the paper and others that networks use; none of them is an alpha."""
_RADIUS = 2
"""The paper's window as TensorFlow states it: so many maps on each side."""
_OF_TENSORFLOW = ("local_response_normalization",)


def _from_tensorflow(values: Mapping[str, Any]) -> Converted | None:
    """TensorFlow's window has `depth_radius` maps on each side, and its alpha is not divided by the size."""
    radius, alpha = whole(values["depth_radius"]), values.get("alpha")
    if radius is None or radius < 0:
        # The bias is not renamed either: with `k`, the layer would no longer look like TensorFlow's.
        left = dict.fromkeys(word for word in values if word != "alpha")
        return Converted(left, certain=False, help="write `size`: twice the `depth_radius`, a whole number, plus 1")
    size = 2 * radius + 1
    fields: dict[str, tuple[str, object]] = {"depth_radius": ("size", size)}
    notes = [f"`depth_radius` {radius} is that many maps on each side: 2 × {radius} + 1 = {size}"]
    if (weight := exact(alpha)) is not None:
        fields["alpha"] = ("alpha", float(weight * size))
        result = spelled(float(weight * size))
        notes.append(f"TensorFlow does not divide `alpha` by the size: {spelled(alpha)} × {size} = {result}")
    if "bias" in values:
        fields["bias"] = ("k", values["bias"])
    if alpha is not None:
        return Converted(fields, tuple(notes), certain="alpha" in fields)
    # Without alpha beside it, a renamed radius would hide whose alpha it is.
    notes.append(f"TensorFlow's `alpha` is 1 by default, and not divided by the size: 1 × {size} = {size}")
    return Converted(fields, tuple(notes), certain=False, also={"alpha": float(size)})


def _not_divided(values: Mapping[str, Any]) -> Converted | None:
    """Under TensorFlow's name, but with a size, alpha may be TensorFlow's or not."""
    weight, size = exact(values["alpha"]), whole(values.get("size", values.get("n")))
    if weight is None or size is None:
        return Converted({}, ("TensorFlow does not divide `alpha` by the size",), certain=False)
    product = float(weight * size)
    note = f"TensorFlow does not divide `alpha` by the size: {spelled(values['alpha'])} × {size} = {spelled(product)}"
    return Converted({"alpha": ("alpha", product)}, (note,), certain=False)


class Lrn(Op, frozen=True):
    """y = x / (k + alpha/n * sum of squares over the window)^beta: (C, H, W) -> (C, H, W).

    With `scope: channels` the window is `size` neighbouring maps and n = size; with `scope: spatial` it is size x size
    positions of one map and n = size squared. `groups` keeps the window inside each part of the maps. This is the
    convention of ONNX, Caffe, PyTorch and cuda-convnet; TensorFlow does not divide alpha by n.
    """

    shape_rule = "(C, H, W) -> (C, H, W)"
    failing = HEAD + "  relu1: {op: relu}\n  norm1: {op: lrn, size: 5}\n"
    corrected = HEAD + "  relu1: {op: relu}\n  norm1: {op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2}\n"
    spoken = "LRN"
    other_names = ("LocalResponseNorm", *_OF_TENSORFLOW, "CrossChannelNormalization", "rnorm", "cmrnorm", "norm")
    other_field_names: ClassVar[OtherNames] = {
        "size": ("local_size", "kernel_size", "nsize", "window_size", "window_channel_size", "n"),
        "alpha": ("scale",),
        "beta": ("pow", "power"),
        "k": ("bias", "knorm", "min_div"),
        "scope": ("norm_region",),
    }
    usual: ClassVar[UsualValues] = {
        "LocalResponseNorm": {"alpha": 1e-4, "beta": 0.75, "k": 1},
        "CrossChannelNormalization": {"alpha": 1e-4, "beta": 0.75, "k": 2},
        # TensorFlow's radius of 5, and its alpha of 1, which it does not divide by the size; `lrn` is `tf.nn.lrn`.
        **{name: {"size": 11, "alpha": "size", "beta": 0.5, "k": 1} for name in (*_OF_TENSORFLOW, "lrn")},
        "LRN": {
            "size": {"Caffe": 5},
            "alpha": {"Caffe": 1, "ONNX": 1e-4},
            "beta": 0.75,
            "k": 1,
        },
    }
    loose_names = ("norm", "rnorm", "cmrnorm", "n", "scale", "pow", "power")
    other_values: ClassVar[OtherValues] = {
        "scope": {
            "across_channels": "channels",
            "within_channel": "spatial",
        },
    }
    conversions = (
        Conversion(("depth_radius", "alpha", "bias"), _from_tensorflow),
        Conversion(("alpha", "size", "n"), _not_divided, names=_OF_TENSORFLOW),
    )
    output_sign = "kept"
    keeps_zeros = True
    normalises = "neighbours"
    element_ops_words = "W + 4, over a window of W maps or positions, of which no more count than there are"
    kept_words = "its input; with `scope: spatial` in float32, with the squares in a margin, their mean and its power"
    op: Literal["lrn"]
    size: Count = Field(
        description="Size of the window: neighbouring maps, or pixels in each direction with `scope: spatial`."
    )
    alpha: NotNegative = Field(description="Weight of the mean square over the window.")
    beta: Positive = Field(description="Exponent of the divisor.")
    k: Positive = Field(description="Constant in the divisor, so that a window of zeros does not divide by zero.")
    scope: Literal["channels", "spatial"] = Field(
        default="channels",
        description="`channels`: the window is `size` neighbouring maps; `spatial`: size × size pixels of one map.",
    )
    groups: Count = Field(
        default=1, description="Number of equal parts of the maps; no window crosses from one part into the next."
    )

    def unlikely(self) -> Unlikely | None:
        """A window without neighbours, a radius as its size, alpha and beta in each other's place, or an alpha that
        was meant for a formula that does not divide it.
        """
        window = self.size**2 if self.scope == "spatial" else self.size
        if self.alpha and window == 1:
            return self._without_neighbours()
        if window == _RADIUS:
            return self._radius()
        if self.alpha in _EXPONENTS and self.beta in _USUAL:
            return self._swapped()
        for usual in () if self.alpha in _USUAL else _USUAL:
            if isclose(self.alpha * window, usual):
                there = f"{spelled(self.alpha)} there is {spelled(self.alpha)} × {window} = {spelled(usual)} here"
                return self._divided(window, usual, f"TensorFlow and MatConvNet do not divide `alpha`: {there}")
            if isclose(self.alpha / window, usual):
                note = (
                    "the paper's formula (section 3.3) lacks the division, but the code that trained its network has it"
                )
                return self._divided(window, usual, f"{note}, as Caffe, PyTorch and ONNX do")
        return None

    def _divided(self, window: int, usual: float, note: str) -> Unlikely:
        alpha = exact(self.alpha)
        assert alpha is not None
        each = f"{spelled(self.alpha)} / {window} = {spelled(float(alpha / window))}"
        message = f"{{name}} divides its alpha by its window of {window}: each square counts {each}"
        return Unlikely("alpha", message, note, f"use `alpha: {spelled(usual)}`, which is divided here")

    def _without_neighbours(self) -> Unlikely:
        what = "pixel" if self.scope == "spatial" else "map"
        return Unlikely(
            "size",
            f"{{name}}'s window is one {what}: a value is divided by its own square, not by those of its neighbours",
            "the paper sums the squares of 5 neighbouring maps (section 3.3)",
            "use `size: 5` for the paper's window",
        )

    def _radius(self) -> Unlikely:
        size = 2 * _RADIUS + 1
        return Unlikely(
            "size",
            f"{{name}}'s window is {_RADIUS} maps: a map and only the one before it",
            f"TensorFlow's `depth_radius: {_RADIUS}` is the paper's window, {_RADIUS} maps on each side: "
            f"2 × {_RADIUS} + 1 = {size}",
            f"use `size: {size}`",
        )

    def _swapped(self) -> Unlikely:
        alpha, beta = spelled(self.beta), spelled(self.alpha)
        return Unlikely(
            "beta",
            f"{{name}} raises its divisor to the power of {spelled(self.beta)}, which is almost 1 for any values",
            "in the paper (section 3.3), alpha is 1e-4 and beta is 0.75: {name}'s seem to be swapped",
            f"use `alpha: {alpha}` and `beta: {beta}`",
        )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        if x.channels % self.groups:
            from archc.ops.grouping import undivided  # few specs need it, for the time of start-up

            raise undivided(x, self.groups)
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        energy = self._energy_in_map(x) if self.scope == "spatial" else self._energy_over_maps(x)
        return x / (self.k + self.alpha * energy) ** self.beta

    def _energy_over_maps(self, x: Array) -> Array:
        """The mean square over the window of maps; maps beyond the first and last count as zero."""
        import numpy as np

        # A loop over maps is slow, but it shares nothing with the emitted source that it judges.
        energy = np.empty_like(x)
        part = x.shape[1] // self.groups
        for c in range(x.shape[1]):
            first = c - c % part
            low, high = max(c - self._before, first), min(c + self._after + 1, first + part)
            energy[:, c] = (x[:, low:high] ** 2).sum(1) / self.size
        return energy

    def _energy_in_map(self, x: Array) -> Array:
        """The mean square over the window of positions; positions beyond the edges count as zero."""
        import numpy as np

        energy = np.empty_like(x)
        for row, column in product(*map(range, x.shape[2:])):
            rows, columns = (slice(max(n - self._before, 0), n + self._after + 1) for n in (row, column))
            energy[:, :, row, column] = (x[:, :, rows, columns] ** 2).sum((2, 3)) / self.size**2
        return energy

    def clamped(self, x: Tensor) -> Self:
        """The same function of x, without the part of the window that lies beyond x wherever its centre is."""
        longest = max(x.height, x.width) if self.scope == "spatial" else x.channels // self.groups
        size = min(self.size, 2 * longest - 1)
        # The mean is over the written size: what is not there counts as zero.
        share = (size / self.size) ** (2 if self.scope == "spatial" else 1)
        return self.model_copy(update={"size": size, "alpha": self.alpha * share})

    @property
    def _before(self) -> int:
        """Neighbours in the window before its centre; the window of an even size has one more there."""
        return self.size // 2

    @property
    def _after(self) -> int:
        return (self.size - 1) // 2

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Between maps, only its input: the backward pass computes the divisor again.

        Within a map, all in float32: its input, the squares with a margin, their mean plus k, and the power of that.
        """
        (x,) = inputs
        if self.scope == "channels":
            return Kept(inputs=True)
        return Kept(inputs=True, wide=True, own=(self._margined(x) + 2 * x.size) * FLOAT32)

    def _margined(self, x: Tensor) -> int:
        """The number of values with a margin as wide as the window reaches."""
        around = self.clamped(x).size - 1
        return x.channels * (x.height + around) * (x.width + around)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Buffers in float32, as on a GPU; on a CPU the emitted code works on a few examples at a time and uses less.

        Between maps, forward: nothing, since the divisor is computed in the output. Backward: the base of the divisor,
        the quotient, and its sum over the window. With narrow inputs, also float32 copies of the inputs and of the
        results. Within a map, backward: the gradients of each step, first of the product with the divisor and then of
        the power, whose value is freed by then; with narrow inputs, also the results. On small maps, more is needed
        for the gradient of the squares with their margin.
        """
        # A narrow value is bfloat16, half as wide as float32.
        whole, half = output.size * FLOAT32, output.size * FLOAT32 // 2
        if self.scope == "spatial":
            after = max(3 * whole, self._margined(inputs[0]) * FLOAT32 - whole)
            return Scratch(half, 3 * whole - half) if narrow else Scratch(0, whole, after=after)
        return Scratch(2 * whole - half, 6 * whole - half) if narrow else Scratch(0, 3 * whole)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value: its square, the sum over the window, times alpha / n, plus k, the power, the division."""
        maps, height, width = (min(self.size, n) for n in (output.channels // self.groups, *output.shape[1:]))
        window = maps if self.scope == "channels" else height * width
        return output.size * (window + 4)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        window = Footprint(before=self._before, after=self._after) if self.scope == "spatial" else POINT
        return window, window

    def summary(self) -> str:
        maps = "1 map" if self.size == 1 else f"{self.size} maps"
        window = maps if self.scope == "channels" else f"{self.size} × {self.size}"
        return window + (f", {self.groups} groups" if self.groups > 1 else "")

    def reach(self) -> Reach:
        # A window of one map reads no neighbours, so that a split by maps needs no exchange.
        if self.scope == "spatial" or self.size == 1:
            return Reach()
        return Reach(groups=self.groups, before=self._before, after=self._after)

    def reads_words(self, x: Tensor) -> str:
        return f"each output reads a window of {self.size} maps"

    def split(self, devices: int) -> Self:
        return self.model_copy(update={"groups": max(1, self.groups // devices)})
