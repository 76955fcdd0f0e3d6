"""Convolution over maps, with groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from archc.example import CONV_HEAD
from archc.ops.fields import ONE, Count, Size, SizeField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, OtherValues
from archc.ops.op import OtherNames
from archc.ops.properties import Kept, Parameter, Reach
from archc.ops.shape_error import require_maps
from archc.ops.weighted import AS_MANY_GROUPS, GROUPS, Weighted, part_of_filters, read_by_filters
from archc.ops.windowed import SIZE_RULE, Windowed
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _half(values: Mapping[str, Any]) -> Converted | None:
    """darknet's `pad` of a `convolutional` is 1 for a padding of half the kernel, and 0 for none."""
    kernel = next((values[word] for word in ("size", "kernel", "kernel_size") if word in values), None)
    if type(kernel) is not int or values["pad"] not in (0, 1):
        return None
    note = f"darknet's `pad: 1` is half the kernel, rounded down: {kernel} / 2 = {kernel / 2:g}"
    padding = kernel // 2 if values["pad"] else 0
    return Converted({"pad": ("padding", padding)}, (note,) if values["pad"] else ())


class Conv2d(Windowed, Weighted, frozen=True):
    """The inner product of each filter with each window: (C, H, W) -> (filters, H', W').

    This is the cross-correlation that all frameworks call convolution. With `groups` G, filters and maps are split into
    G equal parts, and each part of the filters reads its own part of the maps.
    """

    leading = ("filters", "kernel", "stride", "padding", "dilation", "rounding", "groups")
    shape_rule = f"(C, H, W) -> (filters, H', W'), {SIZE_RULE}; a dilation D makes F = D (kernel - 1) + 1"
    failing = CONV_HEAD + "  conv1: {op: conv2d, filters: 8, kernel: 3, groups: 2}\n"
    corrected = CONV_HEAD + "  conv1: {op: conv2d, filters: 9, kernel: 3, groups: 3}\n"
    spoken = "convolution"
    other_names = ("conv", "Convolution", "Convolution2D", "convolutional", "SpatialConvolution")
    other_field_names: ClassVar[OtherNames] = {
        "filters": (
            *(
                "out_channels",
                "channels",
                "num_output",
                "num_outputs",
                "kernels",
                "num_filters",
                "num_filter",
                "n_filters",
            ),
            *("nb_filter", "nb_filters", "out_planes", "out_maps", "output_channels", "features", "output", "units"),
        ),
        "groups": ("group", "num_group", "num_groups", "feature_group_count"),
        "dilation": ("dilation_rate", "dilations", "dilation_factor", "dilate", "kernel_dilation", "rhs_dilation"),
    }
    loose_names = ("channels", "features", "output", "units")
    other_values: ClassVar[OtherValues] = {"groups": AS_MANY_GROUPS}
    absent_forms: ClassVar[Mapping[str, str]] = {"groups": GROUPS}
    conversions = (Conversion(("pad", "size", "kernel", "kernel_size"), _half, names=("convolutional",)),)
    needless: ClassVar[NeedlessFields] = {
        "padding_mode": Needless("maps are padded with zeros", ("zeros",)),
        # MXNet's and darknet's, which change the arithmetic and not the values.
        **dict.fromkeys(("workspace", "cudnn_tune", "cudnn_off", "engine"), Needless("it changes no value", "any")),
        **dict.fromkeys(("binary", "xnor"), Needless("weights are not rounded to one bit", (0, False))),
        "output_padding": Needless("it belongs to transposed convolutions", (0,)),
    }
    is_linear = True
    on_sequences = "conv1d"
    channels_field = "filters"
    op: Literal["conv2d"]
    filters: Count = Field(description="Number of filters, one for each output map; a multiple of `groups`.")
    stride: SizeField = Field(
        default=ONE, description="Distance in pixels from one window to the next: one number or [height, width]."
    )
    dilation: SizeField = Field(
        default=ONE,
        description="Distance in pixels between neighbouring positions of the kernel: one number or [height, width].",
    )
    groups: Count = Field(
        default=1, description="Number of equal parts of the maps; each part is read by its own part of the filters."
    )

    def _stride(self) -> Size:
        return self.stride

    def _dilation(self) -> Size:
        return self.dilation

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        self._check_groups(x.channels)
        return self.windowed_shape(x, channels=self.filters)

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        # Group by group, as in the definition: slow, but independent of the source that it checks.
        views = np.split(self.views(inputs[0], beyond=0), self.groups, axis=1)
        filters = np.split(weights["weight"], self.groups)
        products = [np.einsum("nchyws,ocys->nohw", *pair, optimize=True) for pair in zip(views, filters, strict=True)]
        bias = weights["bias"][:, None, None] if self.bias else 0
        return np.concatenate(products, axis=1) + bias

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, for the gradient of the weights."""
        return Kept(inputs=True)

    def _check_groups(self, maps: int) -> None:
        if not self.filters % self.groups and not maps % self.groups:
            return
        from archc.ops.grouping import ungrouped  # few specs need it, for the time of start-up

        raise ungrouped(self.filters, maps, self.groups, "channels" if self.on_maps else "maps")

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        maps = inputs[0].channels // self.groups
        fan_in = maps * self.kernel.area
        fan_out = self.filters // self.groups * self.kernel.area
        weight = Parameter("weight", (self.filters, maps, *self.kernel), fan_in, fan_out=fan_out)
        return (weight, Parameter("bias", (self.filters,), fan_in)) if self.bias else (weight,)

    def macs(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        # The bias is added, not multiplied: it is an element operation.
        return output.size * (inputs[0].channels // self.groups) * self.kernel.area

    def summary(self) -> str:
        return super().summary() + (f", {self.groups} groups" if self.groups > 1 else "")

    def reach(self) -> Reach:
        return Reach(groups=self.groups)

    def reads_words(self, x: Tensor) -> str:
        return read_by_filters(x, self.groups)

    def split(self, devices: int) -> Self:
        return self.model_copy(update=part_of_filters(self.filters, self.groups, devices))
