"""AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012).

Input (N, 3, 227, 227), output (N, 1000). 60,965,224 parameters, 724,406,816
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build alexnet.yaml --backend torch`; SHA-256 of alexnet.yaml:
76db5a97ca38d90a41b30769bed33a5d798d960f42a19618cacfdaefd15f6e6b.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, fx, nn
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
                conv1=nn.Conv2d(3, 96, 11, stride=4),  # 96 x 55 x 55
                relu1=nn.ReLU(),  # 96 x 55 x 55
                norm1=LRN(5, alpha=1e-4, beta=0.75, k=2, groups=2),  # 96 x 55 x 55
                pool1=nn.MaxPool2d(3, stride=2),  # 96 x 27 x 27
                conv2=nn.Conv2d(96, 256, 5, padding=2, groups=2),  # 256 x 27 x 27
                relu2=nn.ReLU(),  # 256 x 27 x 27
                norm2=LRN(5, alpha=1e-4, beta=0.75, k=2, groups=2),  # 256 x 27 x 27
                pool2=nn.MaxPool2d(3, stride=2),  # 256 x 13 x 13
                conv3=nn.Conv2d(256, 384, 3, padding=1),  # 384 x 13 x 13
                relu3=nn.ReLU(),  # 384 x 13 x 13
                conv4=nn.Conv2d(384, 384, 3, padding=1, groups=2),  # 384 x 13 x 13
                relu4=nn.ReLU(),  # 384 x 13 x 13
                conv5=nn.Conv2d(384, 256, 3, padding=1, groups=2),  # 256 x 13 x 13
                relu5=nn.ReLU(),  # 256 x 13 x 13
                pool5=nn.MaxPool2d(3, stride=2),  # 256 x 6 x 6
                flat=nn.Flatten(),  # 9216
                fc6=nn.Linear(9216, 4096),  # 4096
                relu6=nn.ReLU(),  # 4096
                drop6=nn.Dropout(0.5),  # 4096
                fc7=nn.Linear(4096, 4096),  # 4096
                relu7=nn.ReLU(),  # 4096
                drop7=nn.Dropout(0.5),  # 4096
                fc8=nn.Linear(4096, 1000),  # 1000
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

    @classmethod
    def load(cls, path: str) -> Self:
        """The network with the weights of a safetensors file, in eval mode."""
        from safetensors.torch import load_file

        model = cls()
        model.load_state_dict(load_file(path))
        return model.eval()


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


def check() -> None:
    """Build the network, check its parameters and output shapes, train one step."""
    torch.manual_seed(0)
    model = Alexnet()
    count = sum(p.numel() for p in model.parameters())
    assert count == 60_965_224, f"{count:,} parameters, not 60,965,224"
    output = model(torch.randn(2, 3, 227, 227))
    shape = tuple(output.shape)
    assert shape == (2, 1000), f"output {shape}, not (2, 1000)"
    loss = nn.functional.cross_entropy(output, torch.randint(1000, (2,)))
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
