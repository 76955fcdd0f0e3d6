"""The AlexNet paper's optimizer, for emitted source."""
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import torch


class MomentumSGD(torch.optim.Optimizer):
    """SGD as in AlexNet: v <- momentum v - weight_decay lr w - lr g; w <- w + v.

    `torch.optim.SGD` applies lr outside v, so it differs once the rate changes.
    """

    def __init__(
        self, params: Any, lr: float, momentum: float, weight_decay: float
    ) -> None:
        figures = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, figures)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            lr, decay = group["lr"], group["weight_decay"]
            for w in group["params"]:
                if w.grad is None:
                    continue
                if not (state := self.state[w]):
                    state["velocity"] = torch.zeros_like(w)
                v = state["velocity"].mul_(group["momentum"])
                w.add_(v.add_(w, alpha=-decay * lr).add_(w.grad, alpha=-lr))
        return loss
