"""Keras' own SGD, for emitted source."""
# pyright: reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import torch

from archc_torch.snippets.momentum_sgd import MomentumSGD


class KerasSGD(MomentumSGD):
    """SGD as in Keras: w <- w - decay lr w; v <- momentum v - lr g; w <- w + v.

    `weight_decay` of a group becomes its `decay`, which the velocity has no part of.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["decay"], group["weight_decay"] = group["weight_decay"], 0

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            for w in group["params"]:
                if group["decay"] and w.grad is not None:
                    w.mul_(1 - group["decay"] * group["lr"])
        super().step()
        return loss
