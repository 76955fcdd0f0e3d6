"""Transposed convolution over maps, with groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from archc.example import CONV_HEAD
from archc.ops.conv2d import Conv2d
from archc.ops.fields import NO_PADDING, NONE, ONE, Count, Extent, Margins, PaddingField, Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues, UsualValues
from archc.ops.op import OtherNames
from archc.ops.properties import Kept, Parameter, Reach
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.weighted import AS_MANY_GROUPS, Weighted, part_of_filters, read_by_filters
from archc.ops.window import dilated
from archc.ops.windowed import CONVERSIONS, PADDINGS, WORDS, short
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _none_added(values: Mapping[str, Any]) -> Converted | None:
    """Keras's `output_padding: null`, which adds nothing."""
    return None if values["output_padding"] is not None else Converted({"output_padding": ("output_padding", 0)})


class ConvTranspose2d(Weighted, frozen=True):
    """Each position adds its multiple of the filters to a larger map: (C, H, W) -> (filters, H', W').

    This is the gradient of a conv2d with the same fields with respect to its input. `padding` is cut off the sum, and
    `output_padding` rows and columns at the bottom and right are kept of what is cut, or added where nothing is. Its
    weight has the shape (C, filters / groups, height, width), as in PyTorch.
    """

    leading = ("filters", "kernel", "stride", "padding", "output_padding", "dilation", "groups")
    shape_rule = (
        "(C, H, W) -> (filters, H', W'), H' = (H - 1) S - 2P + F + O with F = D (kernel - 1) + 1, S the stride, P the "
        "padding, O the output_padding and D the dilation; W' alike; `padding: same` gives H S"
    )
    failing = CONV_HEAD + "  up1: {op: conv_transpose2d, filters: 8, kernel: 2, padding: 8}\n"
    corrected = CONV_HEAD.replace("conv2d", "conv_transpose2d") + (
        "  up1: {op: conv_transpose2d, filters: 8, kernel: 2, stride: 2}\n"
    )
    spoken = "transposed convolution"
    other_names = (
        *("ConvTranspose", "Conv2DTranspose", "Convolution2DTranspose", "Deconvolution", "Deconvolution2D", "deconv"),
        *("deconv2d", "deconvolutional", "transposed_conv2d", "SpatialFullConvolution"),
    )
    other_field_names: ClassVar[OtherNames] = {
        **WORDS,
        **Conv2d.other_field_names,
        "output_padding": ("out_padding", "adj", "output_pad"),
    }
    loose_names = ("k", "s", "p", *Conv2d.loose_names)
    other_values: ClassVar[OtherValues] = {**PADDINGS, "groups": AS_MANY_GROUPS}
    absent_forms = Conv2d.absent_forms
    conversions = (*CONVERSIONS, Conversion(("output_padding",), _none_added))
    needless: ClassVar[NeedlessFields] = {
        "padding_mode": Needless("nothing but zeros can be added", ("zeros",)),
        "auto_pad": Needless("`padding` is the padding", ("NOTSET",)),
        **dict.fromkeys(("workspace", "cudnn_tune", "cudnn_off"), Needless("it changes no value", "any")),
    }
    usual: ClassVar[UsualValues] = {}
    is_linear = True
    on_sequences = "conv_transpose1d"
    channels_field = "filters"
    weight_axis = 1
    op: Literal["conv_transpose2d"]
    filters: Count = Field(description="Number of filters, one for each output map; a multiple of `groups`.")
    kernel: SizeField = Field(description="Size of the filters in pixels: one number or [height, width].")
    stride: SizeField = Field(
        default=ONE,
        description="Distance in output pixels between the filters of neighbouring positions: one number or "
        "[height, width].",
    )
    padding: PaddingField = Field(
        default=NO_PADDING,
        description="Rows and columns cut off each output map: one number, [height, width], {top, bottom, left, "
        "right}, or `same` for an output of N S, as in Keras.",
    )
    output_padding: Extent = Field(
        default=NONE,
        description="Rows at the bottom and columns at the right that are not cut, or that are added: one number or "
        "[height, width], smaller than the stride or the dilation.",
    )
    dilation: SizeField = Field(
        default=ONE,
        description="Distance in pixels between neighbouring positions of the kernel: one number or [height, width].",
    )
    groups: Count = Field(
        default=1, description="Number of equal parts of the maps; each part is read by its own part of the filters."
    )

    spans: ClassVar[tuple[str, str]] = ("high", "wide")
    """What a size is, vertically and horizontally."""
    lines: ClassVar[str] = "rows or columns"
    """What padding cuts off."""

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        if self.filters % self.groups or x.channels % self.groups:
            from archc.ops.grouping import ungrouped  # few specs need it, for the time of start-up

            raise ungrouped(self.filters, x.channels, self.groups, "channels" if self.on_maps else "maps")
        self._check_output_padding()
        for size, cut, full in zip(self.output(x), self._cuts(), self.full(x), strict=True):
            if size < 1:
                raise ShapeError(
                    "padding",
                    "ARC201",
                    f"{{name}}'s padding cuts {sum(cut)} {self.lines} off {full}",
                    notes=(f"(N - 1) S + F = {full}",),
                    help="use less padding",
                )
        return Tensor((self.filters, *self.output(x)))

    def _check_output_padding(self) -> None:
        for axis, name in enumerate(self.spans):
            added, most = self.output_padding[axis], max(self.stride[axis], self.dilation[axis])
            if self.padding == "same" and added:
                raise ShapeError(
                    "output_padding",
                    "ARC105",
                    "{name} has `padding: same`, whose output is N S already",
                    help="delete `output_padding`",
                    also="padding",
                )
            if added >= most:
                raise ShapeError(
                    "output_padding",
                    "ARC105",
                    f"{{name}}'s output_padding is {added} {name}, and its stride and dilation at most {most}",
                    notes=("no filter reaches that far beyond the last one",),
                    help=f"use an output_padding below {most}",
                )

    def full(self, x: Tensor) -> Size:
        """Height and width of the sum, of which `padding` is cut: (N - 1) S + F."""
        height, width = (
            (n - 1) * stride + dilated(kernel, dilation)
            for n, kernel, stride, dilation in zip(x.shape[1:], self.kernel, self.stride, self.dilation, strict=True)
        )
        return Size(height, width)

    def _cuts(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """How many rows and columns are cut before and after; fewer than none where some are added."""
        if self.padding != "same":
            top, bottom, left, right = self.padding
            return (top, bottom - self.output_padding.height), (left, right - self.output_padding.width)
        high, wide = (
            dilated(kernel, dilation) - stride
            for kernel, stride, dilation in zip(self.kernel, self.stride, self.dilation, strict=True)
        )
        return (max(high, 0) // 2, high - max(high, 0) // 2), (max(wide, 0) // 2, wide - max(wide, 0) // 2)

    @property
    def cut(self) -> Margins:
        """What is cut off the sum on each side; negative where something is added."""
        (top, bottom), (left, right) = self._cuts()
        return Margins(top, bottom, left, right)

    def output(self, x: Tensor) -> Size:
        height, width = (full - sum(cut) for full, cut in zip(self.full(x), self._cuts(), strict=True))
        return Size(height, width)

    def plain_padding(self) -> tuple[Size, Size] | None:
        """The padding and the output_padding as PyTorch takes them, if it can: both sides are cut by the same number,
        and less is added than the stride or the dilation."""
        (top, bottom), (left, right) = self._cuts()
        added = Size(top - bottom, left - right)
        for more, stride, dilation in zip(added, self.stride, self.dilation, strict=True):
            if not 0 <= more < max(stride, dilation):
                return None
        return Size(top, left), added

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        _, _, rows, columns = x.shape
        tensor = Tensor(x.shape[1:])
        sums = np.zeros((len(x), self.filters, *self.full(tensor)))
        share = self.filters // self.groups
        parts = zip(np.split(x, self.groups, axis=1), np.split(weights["weight"], self.groups), strict=True)
        # Tap by tap, as in the definition: slow, but independent of the source that it checks.
        for group, (part, filters) in enumerate(parts):
            for i, j in np.ndindex(*self.kernel):
                top, left = i * self.dilation.height, j * self.dilation.width
                sums[
                    :,
                    group * share : (group + 1) * share,
                    top : top + (rows - 1) * self.stride.height + 1 : self.stride.height,
                    left : left + (columns - 1) * self.stride.width + 1 : self.stride.width,
                ] += np.einsum("nchw,co->nohw", part, filters[:, :, i, j])
        top, bottom, left, right = self.cut
        added = np.pad(sums, ((0, 0), (0, 0), (0, max(-bottom, 0)), (0, max(-right, 0))))
        height, width = self.output(tensor)
        bias = weights["bias"][:, None, None] if self.bias else 0
        return added[:, :, top : top + height, left : left + width] + bias

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, for the gradient of the weights."""
        return Kept(inputs=True)

    def uncut(self, inputs: tuple[Tensor, ...]) -> int:
        """Where PyTorch cannot cut the sum itself: all of the sum, with the rows and columns that are added to it."""
        if self.plain_padding():
            return 0
        full, (_, bottom, _, right) = self.full(inputs[0]), self.cut
        return self.filters * (full.height + max(-bottom, 0)) * (full.width + max(-right, 0))

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        """The fans are those of the convolution that it transposes, from filters to maps, as in all frameworks."""
        maps, filters = inputs[0].channels, self.filters // self.groups
        fan_in, fan_out = filters * self.kernel.area, maps // self.groups * self.kernel.area
        weight = Parameter("weight", (maps, filters, *self.kernel), fan_in, fan_out=fan_out)
        return (weight, Parameter("bias", (self.filters,), fan_in)) if self.bias else (weight,)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        # What is cut is computed, too: each value of the input is multiplied by each of its weights.
        return inputs[0].size * (self.filters // self.groups) * self.kernel.area

    # A position of the output depends on parts of input positions, which a footprint cannot say.
    def footprint(self, inputs: tuple[Tensor, ...]) -> None:
        return None

    def summary(self) -> str:
        parts = [str(self.kernel)]
        fields = {"stride": self.stride, "dilation": self.dilation}
        parts += [f"{name} {short(size)}" for name, size in fields.items() if size != ONE]
        if self.padding != NO_PADDING:
            parts.append(f"padding {short(self.padding)}")
        if self.groups > 1:
            parts.append(f"{self.groups} groups")
        return ", ".join(parts)

    def reach(self) -> Reach:
        return Reach(groups=self.groups)

    def reads_words(self, x: Tensor) -> str:
        return read_by_filters(x, self.groups)

    def split(self, devices: int) -> Self:
        return self.model_copy(update=part_of_filters(self.filters, self.groups, devices))
