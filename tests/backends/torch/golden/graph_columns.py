"""net, for one of 2 ranks.

Input (N, 3, 6, 5), outputs (N, 8, 6, 5), (N, 12), (N, 12). Each rank reads all
examples of a batch and gives the outputs for all examples. It has 2,326 of 4,652
parameters, and receives 240 values per example between its layers. Run this file
to check it.

Emitted by `archc build net.yaml --backend torch --parallel columns`; SHA-256 of
net.yaml: 5fc328f487a2509ea5c90b494436e872b52df2d19756c412f79b85724f500f58.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn


class Net(nn.Module):
    """(N, 3, 6, 5) -> (N, 8, 6, 5), (N, 12), (N, 12)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(6, 4, 3, padding=1, bias=False)  # 4 x 6 x 5
        self.norm = nn.BatchNorm2d(4, eps=0.001)  # 4 x 6 x 5
        self.norm_all = Gather(2)  # 4 x 6 x 5 here -> 8 x 6 x 5, from both
        self.left = nn.Conv2d(8, 4, 3, padding=1)  # 4 x 6 x 5
        self.right = nn.Conv2d(8, 4, 3, padding=1, bias=False)  # 4 x 6 x 5
        self.side = nn.Conv2d(4, 4, 3, padding=1, groups=2)  # 4 x 6 x 5
        self.within = SpatialLRN(3, alpha=0.5, beta=0.75, k=1)  # 4 x 6 x 5
        self.squashed = nn.Tanh()  # 4 x 6 x 5
        self.flat = nn.Flatten()  # 120
        self.flat_all = Gather(2)  # 120 here -> 240, from both
        self.fc = nn.Linear(240, 6)  # 6
        self.fc_out = Gather(2, output=True)  # 6 here -> 12, from both
        self.prob = nn.Softmax(dim=1)  # 12
        self.sum_out = Gather(2, output=True)  # 4 x 6 x 5 here -> 8 x 6 x 5, from both
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
        x = self.stem(x)  # 4 x 6 x 5
        x = self.norm(x)  # 4 x 6 x 5
        norm = x
        norm_all = self.norm_all(norm)  # 4 x 6 x 5 here -> 8 x 6 x 5, from both
        left = self.left(norm_all)  # 4 x 6 x 5
        right = self.right(norm_all)  # 4 x 6 x 5
        del norm_all
        x = self.side(norm)  # 4 x 6 x 5
        x = left + right + x + norm  # 4 x 6 x 5
        sum = x
        del left, right, norm
        x = self.within(sum)  # 4 x 6 x 5
        x = self.squashed(x)  # 4 x 6 x 5
        x = self.flat(x)  # 120
        x = self.flat_all(x)  # 120 here -> 240, from both
        x = self.fc(x)  # 6
        x = self.fc_out(x)  # 6 here -> 12, from both
        fc_out = x
        prob = self.prob(fc_out)  # 12
        sum_out = self.sum_out(sum)  # 4 x 6 x 5 here -> 8 x 6 x 5, from both
        return sum_out, fc_out, prob


class Gather(nn.Module):
    """Concatenates all ranks' maps in rank order: (N, C, ...) -> (N, ranks C, ...).

    `dim` is the axis of the maps, or of a sequence's channels.

    Each rank computes different maps from the result, so it has only its own term of
    the gradient. The backward pass sums the terms on the rank that computed the map.
    Use `summed=False` if all ranks compute the same from it: each then has the whole
    gradient, and a sum would count it once per rank. An `output`, of which all ranks
    compute the loss, is such a case; it does not count as received.
    """

    def __init__(
        self, ranks: int, summed: bool = True, dim: int = 1, output: bool = False
    ) -> None:
        super().__init__()
        self.ranks, self.summed, self.dim = ranks, summed and not output, dim
        self.output, self.received = output, 0

    def forward(self, x: Tensor) -> Tensor:
        there = distributed.get_world_size() if distributed.is_initialized() else 0
        if there != self.ranks:
            raise RuntimeError(f"a process group of {there} ranks, not of {self.ranks}")
        self.received = 0 if self.output else (self.ranks - 1) * x.numel()
        return AllGather.apply(x, self)


class AllGather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gather: Gather) -> Tensor:
        ctx.gather = gather
        parts = x.new_empty(gather.ranks * len(x), *x.shape[1:])
        distributed.all_gather_into_tensor(parts, x.contiguous())
        return torch.cat(parts.chunk(gather.ranks), dim=gather.dim)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("the gradient of a Gather cannot be differentiated")
        parts = upstream[0].chunk(ctx.gather.ranks, dim=ctx.gather.dim)
        own = parts[distributed.get_rank()]
        if ctx.gather.summed:
            summands, own = torch.cat(parts).contiguous(), own.new_empty(own.shape)
            distributed.reduce_scatter_tensor(own, summands)
        return own, None


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


def axis(name: str) -> int | None:
    """The axis of which each rank has a part of a parameter; None: it has all of it."""
    return 0 if name else None


def column(state: Mapping[str, Tensor], rank: int, ranks: int) -> dict[str, Tensor]:
    """A rank's part of the whole network's `state_dict`."""
    parts = dict(state)
    for name, value in state.items():
        split = axis(name)
        if split is not None and value.ndim:
            parts[name] = value.chunk(ranks, split)[rank]
    return parts


def whole(columns: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The whole network's `state_dict`, joined from all ranks' in rank order."""
    joined = dict(columns[0])
    for name, value in joined.items():
        split = axis(name)
        if split is not None and value.ndim:
            joined[name] = torch.cat([state[name] for state in columns], split)
    return joined


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
    """A rank's part: each draws its own weights, and the same numbers later."""
    torch.manual_seed(seed * 1024 + distributed.get_rank())
    model = Net()
    torch.manual_seed(seed)
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
    assert count == 2_326, f"{count:,} parameters, not 2,326"
    outputs = model(torch.randn(2, 3, 6, 5))
    exchanges = [m for m in model.modules() if isinstance(m, Gather)]
    received = sum(m.received for m in exchanges) / 2
    planned = 240
    assert received == planned, f"{received:,.10g} received, not {planned:,.10g}"
    shapes = [tuple(output.shape) for output in outputs]
    expected = [(2, 8, 6, 5), (2, 12), (2, 12)]
    assert shapes == expected, f"outputs {shapes}, not {expected}"
    loss = torch.stack([output.square().mean() for output in outputs]).sum()
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    return f"{count:,} parameters, received {received:,.10g} values per example"


if __name__ == "__main__":
    on_ranks(2, check)
