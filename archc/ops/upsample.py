"""Maps of a larger height and width, by repetition or by linear interpolation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues, UsualValues, switched
from archc.ops.op import Op, OtherNames
from archc.ops.properties import Kept
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.windowed import short
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_KERAS = ("UpSampling2D", "up_sampling2d")


def _factor(word: str, values: Mapping[str, Any]) -> Converted | None:
    """A whole factor, also one written with a fraction of 0."""
    factor = values[word]
    match [factor, factor] if isinstance(factor, int | float) else factor:
        case [height, width] if all(type(n) in (int, float) and n == int(n) > 0 for n in (height, width)):
            sizes = [int(height), int(width)]
            return Converted({word: ("factor", sizes[0] if isinstance(factor, int | float) else sizes)})
        case _:
            return None


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
    """Maps of a larger height and width: (C, H, W) -> (C, H', W').

    With `mode: nearest`, row i of the output is row floor(i H / H') of the input. With `mode: bilinear` it lies between
    two rows, at (i + 1/2) H / H' - 1/2 with `corners: half_pixel`, but not above the first, or at i (H - 1) / (H' - 1)
    with `corners: aligned`, and is their mean, weighted by how near they are. Columns alike.
    """

    leading = ("factor", "size", "mode", "corners")
    shape_rule = "(C, H, W) -> (C, H', W'), H' = H × factor, or the size; W' alike"
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
        "mode": {"linear": "bilinear", "nearest_neighbor": "nearest"},
        "corners": {"align_corners": "aligned", "asymmetric_corners": "aligned"},
    }
    usual: ClassVar[UsualValues] = {
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
    element_ops_words = "none, or 7 with `mode: bilinear`"
    kept_words = "nothing"
    op: Literal["upsample"]
    factor: SizeField | None = Field(
        default=None, description="How many times as high and wide the output is: one number or [height, width]."
    )
    size: SizeField | None = Field(
        default=None, description="Height and width of the output, instead of `factor`: one number or [height, width]."
    )
    mode: Literal["nearest", "bilinear"] = Field(
        description="`nearest`: each output is an input; `bilinear`: it lies between four of them."
    )
    corners: Literal["half_pixel", "aligned"] | None = Field(
        default=None,
        description="Where outputs lie with `mode: bilinear`, which requires it. `half_pixel`: edges of the map stay "
        "edges, as in Keras and by default in PyTorch; `aligned`: centres of the outermost pixels stay, PyTorch's "
        "`align_corners: true`.",
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        self._check_fields()
        output = self.output(x)
        if output.height < x.height or output.width < x.width:
            raise ShapeError(
                "size",
                "ARC105",
                f"{{name}} makes maps of {output}, but its input is {x.height} × {x.width}",
                help="use a pool or a convolution with a stride to make maps smaller",
            )
        return Tensor((x.channels, *output))

    def _check_fields(self) -> None:
        if (self.factor is None) == (self.size is None):
            raise ShapeError(
                "op" if self.size is None else "size",
                "ARC103" if self.size is None else "ARC105",
                "{name} needs `factor` or `size`" if self.size is None else "{name} has both `factor` and `size`",
                help="add `factor: 2` to double height and width, or `size: [height, width]`"
                if self.size is None
                else "delete one of them",
                also=None if self.size is None else "factor",
            )
        if self.mode == "bilinear" and self.corners is None:
            raise ShapeError(
                "mode",
                "ARC103",
                "{name} needs `corners`, since it is bilinear",
                help="add `corners: half_pixel`, as in Keras and by default in PyTorch, or `corners: aligned`, "
                "PyTorch's `align_corners: true`",
            )
        if self.mode == "nearest" and self.corners is not None:
            raise ShapeError(
                "corners",
                "ARC105",
                "{name} is not bilinear, so that its corners are those of the map",
                help="delete `corners`, or use `mode: bilinear`",
                also="mode",
            )

    def output(self, x: Tensor) -> Size:
        """Height and width of the output."""
        if self.size is not None:
            return self.size
        assert self.factor is not None
        return Size(x.height * self.factor.height, x.width * self.factor.width)

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        rows, columns = (self._shares(x.shape[2 + axis], n) for axis, n in enumerate(self.output(Tensor(x.shape[1:]))))
        return rows @ x @ columns.T

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
        """Between four values, four multiplications and three additions."""
        return 7 * output.size if self.mode == "bilinear" else 0

    # A position of the output depends on parts of input positions, which a footprint cannot say.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def summary(self) -> str:
        size = f"× {short(self.factor)}" if self.factor is not None else ""
        return ", ".join(filter(None, (size, self.mode, (self.corners or "").replace("_", " "))))
