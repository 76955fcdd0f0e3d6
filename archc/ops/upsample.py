"""Larger maps or longer sequences, by repetition or by linear interpolation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Along, Size
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues, UsualValues, switched
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Kept
from archc.ops.shape_error import ShapeError, require_places
from archc.ops.windowed import short
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_KERAS = ("UpSampling1D", "UpSampling2D", "up_sampling1d", "up_sampling2d")


def _factor(word: str, values: Mapping[str, Any]) -> Converted | None:
    """A whole factor, also one written with a fraction of 0, or alone in a list as of a sequence."""
    written = values[word]
    sizes = cast(list[object], written if isinstance(written, list) else [written])
    whole = [int(n) for n in sizes if isinstance(n, int | float) and type(n) is not bool and n > 0 and n % 1 == 0]
    if len(whole) != len(sizes) or len(whole) not in (1, 2):
        return None
    return Converted({word: ("factor", whole[0] if len(whole) == 1 else whole)})


def _corners_of_pytorch(values: Mapping[str, Any]) -> object:
    """`align_corners` is false by default, and needless for `nearest`."""
    mode = next((values[word] for word in ("mode", "interpolation") if word in values), "nearest")
    return "half_pixel" if str(mode).lower() in ("bilinear", "linear") and "align_corners" not in values else None


# A word as a default would be the name of a field.
def _nearest(values: Mapping[str, Any]) -> object:
    return "nearest"


def _bilinear(values: Mapping[str, Any]) -> object:
    return "bilinear"


def _aligned(values: Mapping[str, Any]) -> object:
    return "aligned"


class Upsample(Op, frozen=True):
    """Larger maps, (C, H, W) -> (C, H', W'), or longer sequences, (C, L) -> (C, L').

    With `mode: nearest`, row i of the output is row floor(i H / H') of the input. With `mode: bilinear` it lies between
    two rows, at (i + 1/2) H / H' - 1/2 with `corners: half_pixel`, but not above the first, or at i (H - 1) / (H' - 1)
    with `corners: aligned`, and is their mean, weighted by how near they are. Columns alike, and with `mode: linear`
    positions of a sequence.
    """

    leading = ("factor", "size", "mode", "corners")
    shape_rule = "(C, H, W) -> (C, H', W'), H' = H × factor, or the size; W' alike; or (C, L) -> (C, L')"
    failing = HEAD + "  up1: {op: upsample, factor: 2, mode: bilinear}\n"
    corrected = HEAD + "  up1: {op: upsample, factor: 2, mode: bilinear, corners: half_pixel}\n"
    spoken = "upsampling"
    other_names = (
        *_OF_KERAS,
        "upsampling",
        "interpolate",
        "UpsamplingNearest2d",
        "UpsamplingBilinear2d",
        "Resize",
        "Interp",
    )
    loose_names = ("Resize", "interpolate", "Interp")
    other_field_names: ClassVar[OtherNames] = {
        "factor": ("scale_factor", "scale", "scales", "stride"),
        "size": ("output_size", "out_size"),
        "mode": ("interpolation", "interpolate_mode", "method"),
    }
    other_values: ClassVar[OtherValues] = {
        "mode": {"nearest_neighbor": "nearest"},
        "corners": {"align_corners": "aligned", "asymmetric_corners": "aligned"},
    }
    usual: ClassVar[UsualValues] = {
        "UpSampling1D": {"factor": 2, "mode": _nearest},
        "UpSampling2D": {"factor": 2, "mode": _nearest, "corners": _corners_of_pytorch},
        "Upsample": {"mode": _nearest, "corners": _corners_of_pytorch},
        "interpolate": {"mode": _nearest, "corners": _corners_of_pytorch},
        "UpsamplingNearest2d": {"mode": _nearest},
        "UpsamplingBilinear2d": {"mode": _bilinear, "corners": _aligned},
    }
    conversions = (
        Conversion(("size",), partial(_factor, "size"), names=_OF_KERAS),
        Conversion(("scale_factor",), partial(_factor, "scale_factor")),
        switched("align_corners", "corners", {True: "aligned", False: "half_pixel"}),
    )
    needless: ClassVar[NeedlessFields] = {
        "recompute_scale_factor": Needless("factors are whole numbers", (None, True, False)),
        "antialias": Needless("maps are only enlarged", (False, True)),
    }
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    element_ops_words = "none, or 7 with `mode: bilinear` and 3 with `mode: linear`"
    kept_words = "nothing"
    op: Literal["upsample"]
    factor: Along | None = Field(
        default=None,
        description="How many times as high and wide, or as long, the output is: one number, or [height, width].",
    )
    size: Along | None = Field(
        default=None,
        description="Height and width of the output, or its length, instead of `factor`: one number, or "
        "[height, width].",
    )
    mode: Literal["nearest", "bilinear", "linear"] = Field(
        description="`nearest`: each output is an input; `bilinear`: it lies between four of them; `linear`: of a "
        "sequence, it lies between two."
    )
    corners: Literal["half_pixel", "aligned"] | None = Field(
        default=None,
        description="Where outputs lie with `mode: bilinear` or `linear`, which require it. `half_pixel`: edges stay "
        "edges, as in Keras and by default in PyTorch; `aligned`: centres of the outermost pixels stay, PyTorch's "
        "`align_corners: true`.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_places(self, x)
        self._check_fields(x)
        output = self.output(x)
        if any(after < before for after, before in zip(output, x.shape[1:], strict=True)):
            made, given = (" × ".join(map(str, size)) for size in (output, x.shape[1:]))
            what = f"a sequence of length {made}" if x.is_sequence else f"maps of {made}"
            raise ShapeError(
                "size",
                "ARC105",
                f"{{name}} makes {what}, but its input is {'of length ' * x.is_sequence}{given}",
                help="use a pool or a convolution with a stride to make a sequence shorter"
                if x.is_sequence
                else "use a pool or a convolution with a stride to make maps smaller",
            )
        return Tensor((x.channels, *output))

    def _check_fields(self, x: Tensor) -> None:
        if (self.factor is None) == (self.size is None):
            what = (
                "the length, or `size` and a length"
                if x.is_sequence
                else "height and width, or `size: [height, width]`"
            )
            raise ShapeError(
                "op" if self.size is None else "size",
                "ARC103" if self.size is None else "ARC105",
                "{name} needs `factor` or `size`" if self.size is None else "{name} has both `factor` and `size`",
                help=f"add `factor: 2` to double {what}" if self.size is None else "delete one of them",
                also=None if self.size is None else "factor",
            )
        for field, value in (("factor", self.factor), ("size", self.size)):
            if isinstance(value, Size) and x.is_sequence:
                raise ShapeError(
                    field,
                    "ARC105",
                    f"{{name}}'s `{field}` is for maps, but its input is {x.described}",
                    help=f"write one number, such as `{field}: {max(value)}`",
                )
        between = "linear" if x.is_sequence else "bilinear"
        if self.mode not in ("nearest", between):
            raise ShapeError(
                "mode",
                "ARC105",
                f"{{name}}'s `mode: {self.mode}` is for {'maps' if x.is_sequence else 'sequences'}, but its input is "
                f"{x.described}",
                help=f"write `mode: {between}`",
            )
        if self.mode != "nearest" and self.corners is None:
            raise ShapeError(
                "mode",
                "ARC103",
                f"{{name}} needs `corners`, since it is {self.mode}",
                help="add `corners: half_pixel`, as in Keras and by default in PyTorch, or `corners: aligned`, "
                "PyTorch's `align_corners: true`",
            )
        if self.mode == "nearest" and self.corners is not None:
            raise ShapeError(
                "corners",
                "ARC105",
                f"{{name}} is not {between}, so that its corners are those of its input",
                help=f"delete `corners`, or use `mode: {between}`",
                also="mode",
            )

    def output(self, x: Tensor) -> tuple[int, ...]:
        """Height and width of the output, or its length."""
        places = x.shape[1:]
        if self.size is not None:
            return along(self.size, x)
        assert self.factor is not None
        return tuple(n * factor for n, factor in zip(places, along(self.factor, x), strict=True))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        for axis, size in enumerate(self.output(Tensor(x.shape[1:])), 2):
            x = (x.swapaxes(axis, -1) @ self._shares(x.shape[axis], size).T).swapaxes(axis, -1)
        return x

    def _shares(self, n: int, outputs: int) -> Array:
        """How much of each of n positions each output has: a matrix (outputs, n)."""
        import numpy as np

        places = np.arange(outputs)
        shares = np.zeros((outputs, n))
        if self.mode == "nearest":
            shares[places, places * n // outputs] = 1
            return shares
        at = (places + 0.5) * n / outputs - 0.5 if self.corners == "half_pixel" else np.linspace(0, n - 1, outputs)
        # The share of a position falls linearly with its distance; beyond the outermost, these have all.
        return np.maximum(1 - np.abs(at.clip(0, n - 1)[:, None] - np.arange(n)), 0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient of a value is a sum of those that it is a part of."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Between four values, four multiplications and three additions; between two, two and one."""
        return {"nearest": 0, "linear": 3, "bilinear": 7}[self.mode] * output.size

    # A position of the output depends on parts of input positions, which a footprint cannot say.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def summary(self) -> str:
        size = f"× {_shown(self.factor)}" if self.factor is not None else ""
        return ", ".join(filter(None, (size, self.mode, (self.corners or "").replace("_", " "))))


def along(size: int | Size, x: Tensor) -> tuple[int, ...]:
    """A number for each axis of maps or of a sequence."""
    return (size,) * len(x.shape[1:]) if isinstance(size, int) else tuple(size)


def _shown(size: int | Size) -> str:
    return str(size) if isinstance(size, int) else short(size)
