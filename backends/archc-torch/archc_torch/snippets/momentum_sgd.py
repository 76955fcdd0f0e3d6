"""The AlexNet paper's optimizer, for emitted source."""
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import torch


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
