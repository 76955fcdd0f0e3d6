"""Batch normalisation over the examples of all ranks, for emitted source."""
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false

from typing import Any

import torch
from torch import Tensor, distributed, nn


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation of (N, C, ...) by the means and variances of the examples of
    all ranks."""

    def _check_input_dim(self, input: Tensor) -> None:
        pass  # any number of axes

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        return NormaliseTogether.apply(input, self.weight, self.bias, self)


class NormaliseTogether(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: Any) -> Tensor:
        axes, ranks = [0, *range(2, x.ndim)], distributed.get_world_size()
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        var, mean = torch.var_mean(wide, axes, correction=0)
        own = torch.cat([mean, var, mean.new_tensor([x.numel() / x.shape[1]])])
        every = own.new_empty(ranks * len(own))
        distributed.all_gather_into_tensor(every, own)
        means, variances, counts = every.view(ranks, -1).split(
            [len(mean), len(mean), 1], 1
        )
        count = counts.sum()
        mean = (counts * means).sum(0) / count
        var = (counts * (variances + (means - mean).square())).sum(0) / count
        if norm.track_running_stats:
            rate = norm.momentum
            norm.running_mean.lerp_(mean.to(norm.running_mean.dtype), rate)
            norm.running_var.lerp_(
                (var * count / (count - 1)).to(norm.running_var.dtype), rate
            )
        ctx.save_for_backward(x, weight, mean, (var + norm.eps).rsqrt(), count)
        return nn.functional.batch_norm(x, mean, var, weight, bias, False, 0, norm.eps)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        x, weight, mean, scale, count = ctx.saved_tensors
        axes, shape = [0, *range(2, x.ndim)], (-1, *[1] * (x.ndim - 2))
        mean, scale = mean.view(shape), scale.view(shape)
        normal, g = (x.to(scale.dtype) - mean) * scale, upstream[0].to(scale.dtype)
        own = torch.stack([g.sum(axes), (g * normal).sum(axes)])
        total = own.clone()
        distributed.all_reduce(total)
        of_mean, of_scale = (total / count).view(2, *shape)
        factor = scale if weight is None else scale * weight.view(shape)
        of_x = factor * (g - of_mean - normal * of_scale)
        of_weight = None if weight is None else own[1].to(weight.dtype)
        return of_x.to(x.dtype), of_weight, own[0].to(scale.dtype), None
