"""AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012), for one of 2 ranks.

Input (N, 3, 227, 227), output (N, 1000). Each rank reads all examples of a batch
and gives the outputs for all examples. It has 30,482,612 of 60,965,224
parameters, and receives 30,336 values per example between its layers. Run this
file to check it.

Emitted by `archc build alexnet.yaml --backend torch --parallel columns`; SHA-256
of alexnet.yaml: 76db5a97ca38d90a41b30769bed33a5d798d960f42a19618cacfdaefd15f6e6b.
"""

import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, distributed, fx, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.functional import pad
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Alexnet(nn.Sequential):
    """Calling the model returns logits; `predict` returns class probabilities."""

    conv1: nn.Conv2d
    conv2: nn.Conv2d
    conv3: nn.Conv2d
    conv4: nn.Conv2d
    conv5: nn.Conv2d
    fc6: nn.Linear
    fc7: nn.Linear
    fc8: nn.Linear

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(3, 48, 11, stride=4),  # 48 x 55 x 55
                relu1=nn.ReLU(),  # 48 x 55 x 55
                norm1=LRN(5, alpha=1e-4, beta=0.75, k=2),  # 48 x 55 x 55
                pool1=nn.MaxPool2d(3, stride=2),  # 48 x 27 x 27
                conv2=nn.Conv2d(48, 128, 5, padding=2),  # 128 x 27 x 27
                relu2=nn.ReLU(),  # 128 x 27 x 27
                norm2=LRN(5, alpha=1e-4, beta=0.75, k=2),  # 128 x 27 x 27
                pool2=nn.MaxPool2d(3, stride=2),  # 128 x 13 x 13
                pool2_all=Gather(2),  # 128 x 13 x 13 here -> 256 x 13 x 13, from both
                conv3=nn.Conv2d(256, 192, 3, padding=1),  # 192 x 13 x 13
                relu3=nn.ReLU(),  # 192 x 13 x 13
                conv4=nn.Conv2d(192, 192, 3, padding=1),  # 192 x 13 x 13
                relu4=nn.ReLU(),  # 192 x 13 x 13
                conv5=nn.Conv2d(192, 128, 3, padding=1),  # 128 x 13 x 13
                relu5=nn.ReLU(),  # 128 x 13 x 13
                pool5=nn.MaxPool2d(3, stride=2),  # 128 x 6 x 6
                flat=nn.Flatten(),  # 4608
                flat_all=Gather(2),  # 4608 here -> 9216, from both
                fc6=nn.Linear(9216, 2048),  # 2048
                relu6=nn.ReLU(),  # 2048
                drop6=SharedDropout(0.5),  # 2048
                drop6_all=Gather(2),  # 2048 here -> 4096, from both
                fc7=nn.Linear(4096, 2048),  # 2048
                relu7=nn.ReLU(),  # 2048
                drop7=SharedDropout(0.5),  # 2048
                drop7_all=Gather(2),  # 2048 here -> 4096, from both
                fc8=nn.Linear(4096, 500),  # 500
                fc8_out=Gather(2, output=True),  # 500 here -> 1000, from both
            ),
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        normal(self.conv1, std=0.01, bias=0)
        normal(self.conv2, std=0.01, bias=1)
        normal(self.conv3, std=0.01, bias=0)
        normal(self.conv4, std=0.01, bias=1)
        normal(self.conv5, std=0.01, bias=1)
        normal(self.fc6, std=0.01, bias=1)
        normal(self.fc7, std=0.01, bias=1)
        normal(self.fc8, std=0.01, bias=0)

    def predict(self, image: Tensor) -> Tensor:
        """Class probabilities: (N, 3, 227, 227) -> (N, 1000)."""
        return nn.functional.softmax(evaluate(self, image), dim=1)


class Divided(nn.Module):
    """A layer that must know how the examples are divided over the ranks."""

    sizes: tuple[int, ...] = ()

    def counts(self, here: int, ranks: int) -> tuple[int, ...]:
        """The number of examples on each rank, if there are `here` on this one."""
        return self.sizes or (here,) * ranks


def divide(model: nn.Module, *sizes: int) -> None:
    """Tell a model how many examples each rank has; otherwise, each has as many."""
    for module in model.modules():
        if isinstance(module, Divided):
            module.sizes = sizes


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


class SharedDropout(Divided):
    """While training, sets values to zero with probability `rate`; scales the others.

    All ranks draw the mask of the whole tensor and use their part of it: `dim` is the
    axis that is divided over the ranks. So they must have the same seed. On CPUs, they
    drop what one process drops.
    """

    def __init__(self, rate: float, dim: int = 1) -> None:
        super().__init__()
        self.rate, self.dim = rate, dim

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        rank, ranks = distributed.get_rank(), distributed.get_world_size()
        here = x.shape[self.dim]
        counts = self.counts(here, ranks) if self.dim == 0 else (here,) * ranks
        shape = (*x.shape[: self.dim], sum(counts), *x.shape[self.dim + 1 :])
        kept = x.new_empty(shape).bernoulli_(1 - self.rate)
        own = kept.narrow(self.dim, sum(counts[:rank]), here).bool()
        return x * own * (1 / (1 - self.rate))


class LRN(nn.Module):
    """Local response normalisation over `size` neighbouring maps in each group.

    (N, C, H, W) -> (N, C, H, W): y = x / d^beta, d = k + alpha / size * sum of squares.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, groups: int = 1
    ) -> None:
        super().__init__()
        self.beta, self.k, self.slope = beta, k, alpha / size
        self.before, self.after, self.groups = size // 2, (size - 1) // 2, groups

    def forward(self, x: Tensor) -> Tensor:
        is_graph = torch.compiler.is_compiling() or torch._C._is_tracing()
        if is_graph or isinstance(x, fx.Proxy):
            return self.definition(x)
        return Normalise.apply(x, self)

    def definition(self, x: Tensor) -> Tensor:
        """In operations that PyTorch can trace, compile and differentiate."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        maps = wide.permute(0, 2, 3, 1).unflatten(-1, (self.groups, -1))
        total = squares = maps.square()
        for step in range(1, self.before + 1):
            total = total + pad(squares, (step, 0))[..., :-step]
        for step in range(1, self.after + 1):
            total = total + pad(squares, (0, step))[..., step:]
        logarithm = torch.log(self.k + self.slope * total)  # a compiled power is slower
        y = maps * torch.exp(-self.beta * logarithm)
        return y.flatten(-2).permute(0, 3, 1, 2).to(x.dtype)

    def value(self, x: Tensor) -> Tensor:
        return self.divisor(x).pow_(-self.beta).mul_(x)

    def gradient(self, x: Tensor, upstream: Tensor) -> Tensor:
        d = self.divisor(x)
        direct = upstream * d.pow(-self.beta)
        spread = self.add_windows(torch.zeros_like(direct), direct / d, x, turned=True)
        return direct.addcmul_(spread, x, value=-2 * self.beta * self.slope)

    def divisor(self, x: Tensor) -> Tensor:
        return self.add_windows(torch.full_like(x, self.k), x, x, self.slope)

    def add_windows(
        self,
        total: Tensor,
        a: Tensor,
        b: Tensor,
        scale: float = 1,
        turned: bool = False,
    ) -> Tensor:
        """Add scale * a * b, summed over each map's window, to `total`.

        If `turned`, sum over the maps whose windows contain it.
        """
        back, ahead = (self.after, self.before) if turned else (self.before, self.after)
        shape = len(total), self.groups, -1, *total.shape[2:]
        sums, a, b = (t.view(shape) for t in (total, a, b))
        sums.addcmul_(a, b, value=scale)
        for step in range(1, back + 1):
            sums[:, :, step:].addcmul_(a[:, :, :-step], b[:, :, :-step], value=scale)
        for step in range(1, ahead + 1):
            sums[:, :, :-step].addcmul_(a[:, :, step:], b[:, :, step:], value=scale)
        return total


class Normalise(torch.autograd.Function):
    """LRN in eager mode. Saves only x: recomputing d is cheaper than storing it."""

    @staticmethod
    def forward(x: Tensor, norm: LRN) -> Tensor:
        return piecewise(norm.value, x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.norm = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():  # the gradient may be differentiated in turn
            pull = torch.func.vjp(ctx.norm.definition, *ctx.saved_tensors)[1]
            return *pull(*upstream), None
        return piecewise(ctx.norm.gradient, *ctx.saved_tensors, *upstream), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        (x,) = ctx.saved_tensors
        pull = torch.func.vjp(ctx.norm.definition, x)[1]
        # The derivative of `pull`, which is linear, is its transpose.
        return torch.func.vjp(pull, torch.zeros_like(x))[1](tangents[:1])[0]

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        x, norm = inputs
        batches = x.movedim(in_dims[0], 0)
        y = Normalise.apply(batches.flatten(0, 1), norm)
        return y.unflatten(0, batches.shape[:2]), 0


def piecewise(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """Apply a function in float32 or wider; on a CPU, to a few examples at a time."""
    x, wide = tensors[0], torch.promote_types(tensors[0].dtype, torch.float32)
    if x.device.type != "cpu":
        return function(*(t.to(wide) for t in tensors)).to(x.dtype)
    count = max(1, 400_000 // x.shape[1:].numel())  # examples that fit in the caches
    result = torch.empty_like(tensors[-1])
    for start in range(0, len(x), count):
        part = slice(start, start + count)
        result[part] = function(*(t[part].to(wide) for t in tensors))
    return result


def evaluate(model: nn.Module, x: Tensor) -> Tensor:
    """Call the model in eval mode, without gradients; leave all modes as they were."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for module, mode in modes:
            module.training = mode


def normal(layer: nn.Conv2d | nn.Linear, std: float, bias: float = 0) -> None:
    """Draw weights from a normal distribution around 0; fill the biases with `bias`."""
    nn.init.normal_(layer.weight, std=std)
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


def build(seed: int) -> Alexnet:
    """A rank's part: each draws its own weights, and the same numbers later."""
    torch.manual_seed(seed * 1024 + distributed.get_rank())
    model = Alexnet()
    torch.manual_seed(seed)
    return model


def sgd(model: nn.Module) -> MomentumSGD:
    """The spec's optimizer, with no weight decay on biases."""
    weights = [p for name, p in model.named_parameters() if not name.endswith(".bias")]
    biases = [p for name, p in model.named_parameters() if name.endswith(".bias")]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0}]
    return MomentumSGD(groups, lr=0.01, momentum=0.9, weight_decay=5e-4)


def plateau(optimizer: MomentumSGD) -> ReduceLROnPlateau:
    """The spec's schedule: call `step` with the held-out error after each epoch."""
    return ReduceLROnPlateau(
        optimizer, factor=0.1, patience=4, threshold=0, min_lr=1e-5, eps=0
    )


def check() -> str:
    """Build the network, check its parameters and output shapes, train one step."""
    model = build(0)
    count = sum(p.numel() for p in model.parameters())
    assert count == 30_482_612, f"{count:,} parameters, not 30,482,612"
    output = model(torch.randn(2, 3, 227, 227))
    exchanges = [m for m in model.modules() if isinstance(m, Gather)]
    received = sum(m.received for m in exchanges) / 2
    planned = 30_336
    assert received == planned, f"{received:,.10g} received, not {planned:,.10g}"
    shape = tuple(output.shape)
    assert shape == (2, 1000), f"output {shape}, not (2, 1000)"
    loss = nn.functional.cross_entropy(output, torch.randint(1000, (2,)))
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    return f"{count:,} parameters, received {received:,.10g} values per example"


if __name__ == "__main__":
    on_ranks(2, check)
