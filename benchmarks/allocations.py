"""Measures on a CPU the most bytes that PyTorch has allocated at once, from the events of its own allocator."""

# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import torch
from archc_torch.trainer import LOSSES
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.profiler import ProfilerActivity, profile, record_function

from archc.graph import Graph

_KERNELS = {
    "aten::convolution",
    "aten::convolution_backward",
    "aten::native_batch_norm",
    "aten::native_batch_norm_backward",
    "aten::native_group_norm",
    "aten::native_group_norm_backward",
    "rms_norm",
    "aten::native_layer_norm_backward",
    "aten::max_pool2d_with_indices",
    "aten::max_pool2d_with_indices_backward",
    "aten::adaptive_max_pool2d",
    "aten::adaptive_max_pool2d_backward",
    "aten::avg_pool2d",
    "aten::avg_pool2d_backward",
    "aten::reflection_pad1d_backward",
    "aten::pixel_unshuffle",
    "aten::native_channel_shuffle",
    "aten::reflection_pad2d_backward",
    "aten::replication_pad1d_backward",
    "aten::replication_pad2d_backward",
    "aten::upsample_linear1d",
    "aten::upsample_linear1d_backward",
    "aten::upsample_nearest2d",
    "aten::upsample_nearest2d_backward",
    "aten::upsample_bilinear2d",
    "aten::upsample_bilinear2d_backward",
    "aten::log_sigmoid",
}
"""Operators that are kernels of their own on a GPU. What one allocates and frees inside itself on a CPU is not counted:
the workspaces of oneDNN, tables of places between which to interpolate, and copies in another memory format."""


def peaks(runs: Sequence[Callable[[], object]]) -> list[int]:
    """The most bytes that each run has allocated at once, in turn. What was allocated before does not count."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        for run in runs:
            with record_function("run"):
                run()
    results: Any = profiler.profiler
    roots = results.kineto_results.experimental_event_tree()
    return [max(accumulate(size for _, size, _ in sorted(_events(root)))) for root in roots if root.name == "run"]


def _events(event: Any) -> Iterator[tuple[int, int, int]]:
    """The allocations of an event and those inside it: time, bytes (negative if freed) and address."""
    fields = event.typed[1]
    if hasattr(fields, "alloc_size"):
        yield event.start_time_ns, fields.alloc_size, fields.ptr
    inner = (found for child in event.children for found in _events(child))
    yield from _lasting(inner) if event.name in _KERNELS else inner


def _lasting(events: Iterator[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """The allocations without those that are freed again."""
    made: dict[int, tuple[int, int, int]] = {}
    for found in sorted(events):
        _, size, address = found
        if size > 0:
            made[address] = found
        elif made.pop(address, None) is None:
            yield found
    yield from made.values()


class Loss(torch.autograd.Function):
    """A loss that makes the gradients of a network's outputs, as any loss does, and keeps nothing."""

    @staticmethod
    def forward(ctx: Any, *outputs: Tensor) -> Tensor:
        # A gradient is dense, also that of a part of a larger tensor.
        dense = [torch.empty_like(output, device="meta") for output in outputs]
        ctx.like = [(output.shape, output.stride(), output.dtype) for output in dense]
        return torch.zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor, ...]:
        return tuple(torch.empty_strided(shape, stride, dtype=dtype).fill_(1) for shape, stride, dtype in ctx.like)


class Dropout(torch.autograd.Function):
    """Dropout that keeps a mask of one byte per value, as on a GPU; PyTorch's own keeps a float32 mask on a CPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rate: float) -> Tensor:
        dropped = torch.empty_like(x, dtype=torch.bool).bernoulli_(rate)
        ctx.save_for_backward(dropped)
        return x.clone().masked_fill_(dropped, 0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        (dropped,) = ctx.saved_tensors
        return upstream[0].clone().masked_fill_(dropped, 0), None


class RmsNorm(torch.autograd.Function):
    """RMS normalisation over the last axis in one kernel that keeps its input and the roots, as on a GPU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        with record_function("rms_norm"):
            root = x.square().mean(-1, keepdim=True).add_(epsilon).rsqrt_()
            y = x * root * weight
        ctx.save_for_backward(x, root, weight)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, Tensor, None]:
        with record_function("rms_norm"):
            given = RmsNorm.gradient(upstream[0], *ctx.saved_tensors) if ctx.needs_input_grad[0] else None
            x, root, _ = ctx.saved_tensors
            learned = (upstream[0] * x * root).flatten(0, -2).sum(0)
        return given, learned, None

    @staticmethod
    def gradient(upstream: Tensor, x: Tensor, root: Tensor, weight: Tensor) -> Tensor:
        slope = upstream * weight
        return root * (slope - x * root.square() * (slope * x).mean(-1, keepdim=True))


def as_on_a_gpu(model: nn.Module) -> None:
    """Make an emitted model allocate as on a GPU: a dropout's mask, the indices of a pool over a sequence, the
    normalisation of all examples at once, those that mixed precision leaves in float32, the pads that it does not, and
    a group normalisation's copy with the channels first."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            setattr(module, "forward", _dropout(module))  # noqa: B010
        elif isinstance(module, nn.MaxPool1d):
            setattr(module, "forward", _with_indices(module))  # noqa: B010
        elif isinstance(module, nn.LayerNorm | nn.GroupNorm | nn.RMSNorm):
            setattr(module, "forward", _norm(module))  # noqa: B010
        elif isinstance(module, _PADS):
            setattr(module, "forward", _in_its_precision(module.forward))  # noqa: B010
    scope = type(model).__init__.__globals__
    if "piecewise" in scope:
        scope["piecewise"] = _at_once


_PADS = nn.ReflectionPad1d | nn.ReflectionPad2d | nn.ReplicationPad1d | nn.ReplicationPad2d


def _in_its_precision(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Without mixed precision, which on a CPU computes these in float32."""
    return torch.autocast("cpu", enabled=False)(forward)


def _dropout(module: nn.Dropout) -> Callable[[Tensor], Tensor]:
    return lambda x: Dropout.apply(x, module.p) if module.training and module.p else x


def _with_indices(module: Any) -> Callable[[Tensor], Tensor]:
    """A pool over a sequence, which on a CPU has no indices in an inference."""
    fields = (module.kernel_size, module.stride, module.padding, module.dilation, module.ceil_mode)
    return lambda x: nn.functional.max_pool1d_with_indices(x, *fields)[0]


def _norm(module: Any) -> Callable[[Tensor], Tensor]:
    """The function of a normalisation: in float32, and that of maps with the maps last where its class says so."""

    def forward(x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):
            x = x.float()
            turned = x.movedim(1, -1) if type(module).__name__.endswith("Norm2d") else x
            match module:
                case nn.GroupNorm():
                    y = nn.functional.group_norm(
                        x.contiguous(), module.num_groups, module.weight, module.bias, module.eps
                    )
                case nn.LayerNorm():
                    y = nn.functional.layer_norm(
                        turned, module.normalized_shape, module.weight, module.bias, module.eps
                    )
                case _:
                    y: Tensor = RmsNorm.apply(turned, module.weight, module.eps)
            return y.movedim(-1, 1) if turned is not x else y

    return forward


def _at_once(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    return function(*(value.float() for value in tensors)).to(tensors[0].dtype)


def held(model: nn.Module, *, training: bool) -> int:
    """The bytes of a model's weights and statistics and, in training, of its momentum."""
    stored = [*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())]
    return sum(value.nbytes for value in [*stored, *(model.parameters() if training else ())])


def targets(graph: Graph, batch: int) -> Tensor:
    """What a step compares the output with: a class at each place, or as many numbers; nothing for several outputs."""
    (name, *others) = graph.outputs
    if others:
        return torch.empty(0)
    shape = graph.tensor(name).shape
    if graph.loss == "cross_entropy":
        return torch.zeros(batch, *shape[1:], dtype=torch.long)
    return torch.zeros(batch, *shape)


def run(graph: Graph, model: Any, batch: int, *, training: bool) -> Callable[[], object]:
    """A training step without the optimizer, or an inference, on a new batch in channels last, as `archc train` does.

    The caller keeps the batch until the end, and the outputs, apart from scores that the loss turns into probabilities.
    """
    (image,) = graph.inputs.values()
    scores = graph.fused is not None

    def images() -> Tensor:
        return torch.randn(batch, *image.shape[1:], image.shape[0]).movedim(-1, 1)

    def step() -> None:
        batch_of, wanted = images(), targets(graph, batch)
        if scores:
            given = model(batch_of)
            loss = LOSSES[graph.loss](given, wanted)
            del given  # the loss has it
        else:
            given = model(batch_of)
            outputs = given if isinstance(given, tuple) else (given,)
            loss = Loss.apply(*[output for output in outputs if output.requires_grad])
        if loss.requires_grad:
            loss.backward()

    def inference() -> None:
        batch_of = images()
        with torch.inference_mode():
            given = model(batch_of)
            if scores:
                given = given.softmax(1) if graph.loss == "cross_entropy" else given.sigmoid()

    model.to(memory_format=torch.channels_last)
    model.train(training)
    return step if training else inference
