"""net, for one of 2 ranks.

Input (N, 3, 6, 5), outputs (N, 8, 6, 5), (N, 12), (N, 12). Each rank reads its
own examples of a batch and gives their outputs. It has all 4,652 parameters. Run
this file to check it.

Emitted by `archc build net.yaml --backend torch --parallel data`; SHA-256 of
net.yaml: 5fc328f487a2509ea5c90b494436e872b52df2d19756c412f79b85724f500f58.
"""

import os
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel


class Net(nn.Module):
    """(N, 3, 6, 5) -> (N, 8, 6, 5), (N, 12), (N, 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(6, 8, 3, padding=1, bias=False)  # 8 x 6 x 5
        self.norm = SharedBatchNorm(8, eps=0.001)  # 8 x 6 x 5
        self.left = nn.Conv2d(8, 8, 3, padding=1)  # 8 x 6 x 5
        self.right = nn.Conv2d(8, 8, 3, padding=1, bias=False)  # 8 x 6 x 5
        self.side = nn.Conv2d(8, 8, 3, padding=1, groups=4)  # 8 x 6 x 5
        self.within = SpatialLRN(3, alpha=0.5, beta=0.75, k=1)  # 8 x 6 x 5
        self.squashed = nn.Tanh()  # 8 x 6 x 5
        self.flat = nn.Flatten()  # 240
        self.fc = nn.Linear(240, 12)  # 12
        self.prob = nn.Softmax(dim=1)  # 12
        self.reset_parameters()

    def reset_parameters(self) -> None:
        he_normal(self.stem)
        self.norm.reset_parameters()
        he_normal(self.left, bias=0)
        he_normal(self.right)
        he_normal(self.side, bias=0)
        he_normal(self.fc, bias=0)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        x = torch.cat((image, image), dim=1)  # 6 x 6 x 5
        x = self.stem(x)  # 8 x 6 x 5
        x = self.norm(x)  # 8 x 6 x 5
        norm = x
        left = self.left(norm)  # 8 x 6 x 5
        right = self.right(norm)  # 8 x 6 x 5
        x = self.side(norm)  # 8 x 6 x 5
        x = left + right + x + norm  # 8 x 6 x 5
        sum = x
        del left, right, norm
        x = self.within(sum)  # 8 x 6 x 5
        x = self.squashed(x)  # 8 x 6 x 5
        x = self.flat(x)  # 240
        x = self.fc(x)  # 12
        fc = x
        prob = self.prob(fc)  # 12
        return sum, fc, prob


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation of (N, C, ...) by the statistics of all ranks' examples."""

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


class SpatialLRN(nn.Module):
    """Local response normalisation over size x size neighbours in the same map.

    (N, C, H, W) -> (N, C, H, W): y = x / (k + alpha / size^2 * sum of squares)^beta.
    Values beyond the edges count as zero. An even window has one more row above its
    centre and one more column to its left.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        before, after = self.size // 2, (self.size - 1) // 2
        squares = nn.functional.pad(wide.square(), (before, after, before, after))
        energy = nn.functional.avg_pool2d(squares, self.size, stride=1)
        return (wide * energy.mul(self.alpha).add(self.k).pow(-self.beta)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def he_normal(layer: nn.Conv2d | nn.Linear, bias: float = 0) -> None:
    """Draw normal weights of variance 2 / fan-in; fill the biases with `bias`."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)


class MomentumSGD(torch.optim.SGD):
    """SGD as in AlexNet: v <- momentum v - weight_decay lr w - lr g; w <- w + v.

    PyTorch's rule keeps u = -v / lr. Once lr changes, v stays and u is rescaled.
    """

    def __init__(
        self, params: Any, lr: float, momentum: float, weight_decay: float
    ) -> None:
        super().__init__(params, lr, momentum, weight_decay=weight_decay, fused=True)
        self._step_supports_amp_scaling = False  # a skipped step must not rescale u

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            lr = group["lr"] = group["lr"] or 1e-30  # u would be infinite
            last, group["last_lr"] = group.get("last_lr", lr), lr
            for w in group["params"]:
                state = self.state[w]
                if group["momentum"] and not state:
                    state["momentum_buffer"] = torch.zeros_like(w)
                elif state and lr != last:
                    state["momentum_buffer"].mul_(last / lr)
                if w.grad is not None and w.grad.stride() != w.stride():
                    w.grad = torch.empty_like(w).copy_(w.grad)  # the kernel needs it
        super().step()
        return loss


def over_ranks(model: nn.Module) -> nn.Module:
    """Give all ranks the first one's weights, and average their gradients.

    Call what this returns in training, and `model` otherwise.
    """
    # Statistics are those of all examples: the ranks have the same without a message.
    statistics = {name for name, _ in model.named_buffers()}
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(
        model, statistics
    )
    parallel = DistributedDataParallel(
        model, bucket_cap_mb=25, gradient_as_bucket_view=True, static_graph=True
    )
    parallel.register_comm_hook(None, averaged)
    return parallel


def averaged(_: Any, bucket) -> torch.futures.Future[Tensor]:
    """Average a bucket of gradients over the ranks, during the backward pass."""
    part = bucket.buffer().div_(distributed.get_world_size())
    work = distributed.all_reduce(part, async_op=True)
    return work.get_future().then(lambda future: future.value()[0])


def on_ranks(ranks: int, function: Callable[[], str]) -> None:
    """Run a function on every rank; print its summary. Starts what torchrun has not."""
    if "RANK" in os.environ:
        on_rank(int(os.environ["LOCAL_RANK"]), ranks, function)
        return
    # Nothing listens beyond this machine: the ranks meet by a private file, and connect
    # over the loopback.
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    os.environ.update(GLOO_SOCKET_IFNAME=loopback, NCCL_SOCKET_IFNAME=loopback)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with TemporaryDirectory() as private:
        spawn(on_rank, (ranks, function, f"file://{private}/ranks"), ranks)


def on_rank(
    rank: int, ranks: int, function: Callable[[], str], meeting: str | None = None
) -> None:
    """Run the function as one rank. Without a place to meet, torchrun has given one."""
    on_gpus = torch.cuda.device_count() >= ranks
    if on_gpus:
        torch.cuda.set_device(rank)
        torch.set_default_device("cuda")
    backend = "nccl" if on_gpus else "gloo"
    if meeting is None:
        distributed.init_process_group(backend)
    else:
        distributed.init_process_group(backend, meeting, rank=rank, world_size=ranks)
    summary = function()
    if distributed.get_rank() == 0:
        print(f"each of {ranks} ranks: {summary}")
    distributed.destroy_process_group()


def build(seed: int) -> Net:
    """The network: all ranks draw the same weights, and the same later numbers."""
    torch.manual_seed(seed)
    model = Net()
    return model


def sgd(model: nn.Module) -> MomentumSGD:
    """The spec's optimizer, with no weight decay on biases."""
    weights = [p for name, p in model.named_parameters() if not name.endswith(".bias")]
    biases = [p for name, p in model.named_parameters() if name.endswith(".bias")]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0}]
    return MomentumSGD(groups, lr=0.01, momentum=0.9, weight_decay=5e-4)


def check() -> str:
    """Build the network, check its parameters and output shapes, train one step."""
    model = build(0)
    count = sum(p.numel() for p in model.parameters())
    assert count == 4_652, f"{count:,} parameters, not 4,652"
    parallel = over_ranks(model)
    outputs = parallel(torch.randn(2, 3, 6, 5))
    shapes = [tuple(output.shape) for output in outputs]
    expected = [(2, 8, 6, 5), (2, 12), (2, 12)]
    assert shapes == expected, f"outputs {shapes}, not {expected}"
    loss = torch.stack([output.square().mean() for output in outputs]).sum()
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    return f"{count:,} parameters"


if __name__ == "__main__":
    on_ranks(2, check)
